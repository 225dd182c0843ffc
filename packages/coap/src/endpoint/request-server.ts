import { blockOption, readBlock } from '../wire/block-option.ts';
import { createOptionsCheck, type OptionsCheck } from '../wire/check-options.ts';
import { coapCode, isResponseCode } from '../wire/coap-code.ts';
import type { CoapMessage } from '../wire/coap-message.ts';
import { coapOption } from '../wire/coap-option.ts';
import type { ActiveRequest } from './active-request.ts';
import { answerBudget } from './answer-budget.ts';
import { AnswerSender } from './answer-sender.ts';
import type { CoapLimits } from './coap-limits.ts';
import type { CoapRequest, CoapResponse } from './coap-request.ts';
import type { CoapStatistics } from './coap-statistics.ts';
import type { Deadlines } from './deadlines.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import type { CoapEndpointOptions } from './endpoint-options.ts';
import { ExchangeTable } from './exchange-table.ts';
import { isUnanswered, type Exchange } from './exchange.ts';
import type { PathProbes } from './path-probes.ts';
import type { PeerTable } from './peer-table.ts';
import { badOptionAnswer, noRoomAnswer, notForUs } from './refused-requests.ts';
import type { SeparateResponses } from './separate-responses.ts';
import type { TransmissionTiming } from './transmission-timing.ts';
import { createUploads, type Uploads } from './uploads.ts';

/** Where a message came from, how, and when. */
interface Arrival<Peer> {
  readonly peer: Peer;
  /** The path, if it is not known to be the peer's. */
  readonly path: unknown;
  readonly datagramBytes: number;
  readonly at: number;
}

export interface RequestServerOptions<Peer> {
  readonly endpoint: CoapEndpointOptions<Peer> & { onError(error: unknown): void };
  /** The endpoint's `send`, but it does not throw. */
  readonly send: (datagram: Buffer, peer: Peer) => void;
  readonly limits: CoapLimits;
  readonly timing: TransmissionTiming;
  readonly deadlines: Deadlines;
  readonly peers: PeerTable<Peer>;
  readonly responses: SeparateResponses<Peer>;
  readonly paths: PathProbes<Peer>;
}

type RequestStatistics = Pick<
  CoapStatistics,
  | 'requests'
  | 'duplicates'
  | 'badOptions'
  | 'refused'
  | 'handlerErrors'
  | 'exchanges'
  | 'working'
  | 'answerBytes'
  | 'evicted'
  | 'uploads'
  | 'uploadBytes'
  | 'downloads'
  | 'downloadBytes'
>;

/**
 * Serves requests, from their arrival to their answer, in this order: is it a copy, are its options valid, is there room for it,
 * is it one block of a body; then it calls the handler.
 */
export class RequestServer<Peer> {
  readonly #options: RequestServerOptions<Peer>;
  readonly #check: OptionsCheck;
  readonly #exchanges: ExchangeTable<Peer>;
  readonly #answers: AnswerSender<Peer>;
  readonly #uploads: Uploads;
  readonly #downloads: Downloads;
  readonly #counts = { requests: 0, duplicates: 0, badOptions: 0, refused: 0, handlerErrors: 0 };

  constructor(options: RequestServerOptions<Peer>) {
    const { endpoint, limits, deadlines } = options;
    this.#options = options;
    this.#check = createOptionsCheck(endpoint.options);
    this.#exchanges = new ExchangeTable(options);
    this.#answers = new AnswerSender({ ...options, clock: endpoint.clock, exchanges: this.#exchanges });
    this.#uploads = createUploads(limits, deadlines);
    this.#downloads = createDownloads(limits, deadlines);
  }

  /** Returns false where it is a copy of one that came before. */
  receive(message: CoapMessage, arrival: Arrival<Peer>): boolean {
    const { peer, path, at: now } = arrival;
    const { endpoint, peers } = this.#options;
    const known = peers.find(peer);
    const copied = known && this.#exchanges.find(known, message.id, now);
    if (copied) {
      this.#repeat(copied, message, path);
      return false;
    }
    const options = this.#check(message.options);
    if ('badOption' in options) {
      this.#refuseOption(message, options.badOption, arrival);
      return true;
    }
    const state = known ?? peers.open(peer);
    const confirmable = message.type === 'CON';
    const exchange = this.#exchanges.begin(state, message.id, confirmable, now);
    if (exchange === undefined) {
      peers.release(state);
      this.#refuse(message, arrival);
      return true;
    }
    this.#counts.requests++;
    const isVerified = endpoint.isVerified?.(peer) === true;
    const { code, id, token, payload } = message;
    const active: ActiveRequest<Peer> = {
      request: { peer, code, confirmable, id, token, options, payload },
      receivedAt: now,
      path,
      budgetBytes: isVerified ? Infinity : answerBudget(arrival.datagramBytes),
      ackAfterMs: endpoint.ackAfterMs ?? -1,
      acknowledgement: undefined,
    };
    try {
      this.#serve(exchange, active, now);
    } catch (error) {
      this.#fail(exchange, active, error);
    }
    return true;
  }

  /** See `CoapEndpoint.ackAfter`. */
  ackAfter(request: CoapRequest<Peer>, ackAfterMs: number): void {
    const { endpoint, peers } = this.#options;
    const state = peers.find(request.peer);
    const now = endpoint.clock.monotonic();
    const exchange = state && this.#exchanges.find(state, request.id, now);
    if (exchange?.active?.request !== request) return;
    exchange.active.ackAfterMs = ackAfterMs;
    this.#answers.acknowledgeInTime(exchange, exchange.active, now);
  }

  forget(peer: Peer): void {
    const { peers } = this.#options;
    const state = peers.find(peer);
    if (state) {
      this.#exchanges.forgetAll(state);
      peers.release(state);
    }
    for (const { transfers } of [this.#uploads, this.#downloads]) transfers.forgetAll(peers.keyOf(peer));
  }

  statistics(): RequestStatistics {
    return {
      ...this.#counts,
      exchanges: this.#exchanges.size,
      working: this.#exchanges.working,
      answerBytes: this.#exchanges.answerBytes,
      evicted: this.#exchanges.evicted,
      uploads: this.#uploads.transfers.size,
      uploadBytes: this.#uploads.transfers.bytes,
      downloads: this.#downloads.transfers.size,
      downloadBytes: this.#downloads.transfers.bytes,
    };
  }

  #repeat(exchange: Exchange<Peer>, message: CoapMessage, path: unknown): void {
    this.#counts.duplicates++;
    // Copies of non-confirmable requests are ignored (RFC 7252 §4.5), and so are messages that only share the id.
    if (exchange.repeat === '' || message.type !== 'CON') return;
    this.#answers.send(Buffer.from(exchange.repeat, 'latin1'), exchange.peer.peer, path);
  }

  /** RFC 7252 §5.4.1. Not remembered: a copy is refused in the same way. */
  #refuseOption(message: CoapMessage, badOption: number, { peer, path }: Arrival<Peer>): void {
    const { endpoint } = this.#options;
    this.#counts.badOptions++;
    endpoint.onRefused?.(peer, 'bad-option');
    endpoint.onUnhandled?.(peer);
    this.#answers.send(badOptionAnswer(message, badOption), peer, path);
  }

  /** Not remembered: a copy may find more room. */
  #refuse(message: CoapMessage, { peer, path }: Arrival<Peer>): void {
    const { endpoint } = this.#options;
    this.#counts.refused++;
    endpoint.onRefused?.(peer, 'too-much-work');
    endpoint.onUnhandled?.(peer);
    if (message.type === 'CON') this.#answers.send(noRoomAnswer(message), peer, path);
  }

  #serve(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, now: number): void {
    const { request } = active;
    const { key } = exchange.peer;
    const answer = notForUs(request) ?? this.#downloads.resume(key, request);
    if (answer) {
      this.#answerUnhandled(exchange, active, answer);
      return;
    }
    const received = this.#uploads.receive(key, request, now);
    if ('answer' in received) {
      this.#answerUnhandled(exchange, active, received.answer);
      return;
    }
    const isWhole = received.body === request.payload;
    this.#handle(
      exchange,
      isWhole ? active : { ...active, request: { ...request, payload: received.body } },
      now,
    );
  }

  #answerUnhandled(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, answer: CoapResponse): void {
    this.#options.endpoint.onUnhandled?.(active.request.peer);
    this.#answerWith(exchange, active, answer);
  }

  #handle(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, now: number): void {
    const { endpoint } = this.#options;
    exchange.active = active;
    let response: CoapResponse | Promise<CoapResponse>;
    try {
      response = endpoint.handle(active.request);
    } catch (error) {
      this.#fail(exchange, active, error);
      return;
    }
    if (!(response instanceof Promise)) {
      this.#finish(exchange, active, response, now);
      return;
    }
    // The peer may have been forgotten while the handler ran.
    if (exchange.phase === 'received') exchange.phase = 'pending';
    this.#answers.acknowledgeInTime(exchange, active, now);
    response
      .then(
        (answer) => this.#finish(exchange, active, answer, endpoint.clock.monotonic()),
        (error: unknown) => this.#fail(exchange, active, error),
      )
      .catch((error: unknown) => endpoint.onError(error));
  }

  /** Sends what a handler answered, or as much of it as fits. */
  #finish(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, response: CoapResponse, now: number): void {
    if (!isUnanswered(exchange)) return;
    let datagram: Buffer;
    try {
      if (!isResponseCode(response.code)) throw new RangeError('a response has the code of none');
      const { request, budgetBytes } = active;
      const part = this.#downloads.begin(exchange.peer.key, request, response, budgetBytes, now);
      datagram = this.#answers.compose(exchange, active, withBlock1(request, part));
    } catch (error) {
      this.#fail(exchange, active, error);
      return;
    }
    this.#answers.deliver(exchange, active, datagram);
  }

  #fail(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, error: unknown): void {
    const { endpoint } = this.#options;
    this.#counts.handlerErrors++;
    try {
      endpoint.onHandlerError?.(error, active.request);
    } catch (second) {
      endpoint.onError(second);
    }
    this.#answerWith(exchange, active, { code: coapCode.internalServerError });
  }

  #answerWith(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, response: CoapResponse): void {
    if (!isUnanswered(exchange)) return;
    this.#answers.deliver(exchange, active, this.#answers.compose(exchange, active, response));
  }
}

/** The answer to the last block of a body says which one it was (RFC 7959 §2.3). */
function withBlock1(request: CoapRequest<unknown>, response: CoapResponse): CoapResponse {
  const block = readBlock(request, coapOption.block1);
  if (block === undefined) return response;
  const options = [...(response.options ?? []), blockOption(coapOption.block1, { ...block, more: false })];
  return { ...response, options };
}
