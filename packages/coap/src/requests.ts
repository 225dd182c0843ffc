import { answerBudget } from './answer-budget.ts';
import { blockOption, readBlock } from './block-option.ts';
import { createOptionsCheck } from './check-options.ts';
import { coapCode, isResponseCode } from './coap-code.ts';
import type { CoapEndpointOptions } from './coap-endpoint.ts';
import type { CoapRequest, CoapResponse } from './coap-exchange.ts';
import type { CoapLimits } from './coap-limits.ts';
import { noBytes, type CoapMessage } from './coap-message.ts';
import { coapOption } from './coap-option.ts';
import type { CoapStatistics } from './coap-statistics.ts';
import { createDeadline, type Deadlines } from './deadlines.ts';
import { createDownloads } from './downloads.ts';
import { emptyMessage, encodeMessage } from './encode-message.ts';
import { createExchanges, type Exchange } from './exchanges.ts';
import { findOption, uintOption } from './option-values.ts';
import type { PathProbes } from './path-probes.ts';
import { takeMessageId, type Peers } from './peers.ts';
import type { SeparateResponses } from './separate-responses.ts';
import type { TransmissionTiming } from './transmission-timing.ts';
import { createUploads } from './uploads.ts';
import type { Work } from './work.ts';

/** Where a message came from, how, and when. */
interface Arrival<Peer> {
  readonly peer: Peer;
  /** By which path, where that is not known to be the peer's. */
  readonly path: unknown;
  readonly datagramBytes: number;
  readonly at: number;
}

/** Requests, from their arrival to their answer. */
export interface Requests<Peer> {
  receive(message: CoapMessage, arrival: Arrival<Peer>): void;
  ackAfter(request: CoapRequest<Peer>, ackAfterMs: number): void;
  forget(peer: Peer): void;
  statistics(): Omit<
    CoapStatistics,
    | 'peers'
    | 'pings'
    | 'pathProbes'
    | 'held'
    | 'unacknowledged'
    | 'received'
    | 'formatErrors'
    | 'unexpected'
    | 'sentAgain'
    | 'givenUp'
  >;
}

export interface RequestsOptions<Peer> {
  /** Its `send` does not throw. */
  readonly endpoint: CoapEndpointOptions<Peer> & { onError(error: unknown): void };
  readonly limits: CoapLimits;
  readonly timing: TransmissionTiming;
  readonly deadlines: Deadlines;
  readonly peers: Peers<Peer>;
  readonly responses: SeparateResponses<Peer>;
  readonly paths: PathProbes<Peer>;
}

/** Max-Age of a refusal: how long the client should wait. */
const refusedMaxAgeS = 2;

export function createRequests<Peer>(options: RequestsOptions<Peer>): Requests<Peer> {
  const { endpoint, limits, deadlines, peers, responses, paths } = options;
  const { clock } = endpoint;
  const check = createOptionsCheck(endpoint.options);
  const exchanges = createExchanges<Peer>(options);
  const uploads = createUploads(limits, deadlines);
  const downloads = createDownloads(limits, deadlines);
  const counts = { requests: 0, duplicates: 0, badOptions: 0, refused: 0, handlerErrors: 0 };

  /** What came by a path that is being probed is answered once it is known where the peer is. */
  function reply(peer: Peer, path: unknown, answer: () => void): void {
    if (path === undefined || !paths.hold(peers.find(peer), path, answer)) answer();
  }

  function receive(message: CoapMessage, arrival: Arrival<Peer>): void {
    const { peer, path, at: now } = arrival;
    const known = peers.find(peer);
    const copied = known && exchanges.find(known, message.id, now);
    if (copied) {
      repeat(copied, message, path);
      return;
    }
    const checked = check(message.options);
    if ('badOption' in checked) {
      refuseOption(message, checked.badOption, arrival);
      return;
    }
    const state = known ?? peers.open(peer);
    const confirmable = message.type === 'CON';
    const exchange = exchanges.begin(state, message.id, confirmable, now);
    if (exchange === undefined) {
      peers.release(state);
      refuse(message, arrival);
      return;
    }
    counts.requests++;
    const isVerified = endpoint.isVerified?.(peer) === true;
    const { code, id, token, payload } = message;
    const work: Work<Peer> = {
      request: { peer, code, confirmable, id, token, options: checked, payload },
      receivedAt: now,
      path,
      budgetBytes: isVerified ? Infinity : answerBudget(arrival.datagramBytes),
      isPending: false,
      isAcknowledged: false,
      ackAfterMs: endpoint.ackAfterMs ?? -1,
      acknowledgement: undefined,
    };
    try {
      process(exchange, work, now);
    } catch (error) {
      fail(exchange, work, error);
    }
  }

  function repeat(exchange: Exchange<Peer>, message: CoapMessage, path: unknown): void {
    counts.duplicates++;
    // Copies of non-confirmable requests are ignored (RFC 7252 §4.5), and so is what only shares the id.
    if (exchange.repeat === '' || message.type !== 'CON') return;
    const datagram = Buffer.from(exchange.repeat, 'latin1');
    const { peer } = exchange.peer;
    reply(peer, path, () => endpoint.send(datagram, peer));
  }

  /** RFC 7252 §5.4.1. Not remembered: a copy is refused in the same way. */
  function refuseOption(
    { type, id, token }: CoapMessage,
    badOption: number,
    { peer, path }: Arrival<Peer>,
  ): void {
    counts.badOptions++;
    endpoint.onRefused?.(peer, 'bad-option');
    endpoint.onUnhandled?.(peer);
    const code = coapCode.badOption;
    const payload = Buffer.from(`critical option ${badOption}`);
    const answer =
      type === 'CON'
        ? encodeMessage({ type: 'ACK', code, id, token, options: [], payload })
        : emptyMessage('RST', id);
    reply(peer, path, () => endpoint.send(answer, peer));
  }

  /** Not remembered: a copy may find more room. */
  function refuse({ type, id, token }: CoapMessage, { peer, path }: Arrival<Peer>): void {
    counts.refused++;
    endpoint.onRefused?.(peer, 'too-much-work');
    endpoint.onUnhandled?.(peer);
    if (type !== 'CON') return;
    const code = coapCode.serviceUnavailable;
    const later = [uintOption(coapOption.maxAge, refusedMaxAgeS)];
    const answer = encodeMessage({ type: 'ACK', code, id, token, options: later, payload: noBytes });
    reply(peer, path, () => endpoint.send(answer, peer));
  }

  function process(exchange: Exchange<Peer>, work: Work<Peer>, now: number): void {
    const { request } = work;
    const { key } = exchange.peer;
    const answer = notForUs(request) ?? downloads.resume(key, request);
    if (answer) {
      answerUnhandled(exchange, work, answer);
      return;
    }
    const received = uploads.receive(key, request, now);
    if ('answer' in received) {
      answerUnhandled(exchange, work, received.answer);
      return;
    }
    const isWhole = received.body === request.payload;
    handle(exchange, isWhole ? work : { ...work, request: { ...request, payload: received.body } }, now);
  }

  function answerUnhandled(exchange: Exchange<Peer>, work: Work<Peer>, answer: CoapResponse): void {
    endpoint.onUnhandled?.(work.request.peer);
    answerWith(exchange, work, answer);
  }

  function handle(exchange: Exchange<Peer>, work: Work<Peer>, now: number): void {
    exchange.work = work;
    let response: CoapResponse | Promise<CoapResponse>;
    try {
      response = endpoint.handle(work.request);
    } catch (error) {
      fail(exchange, work, error);
      return;
    }
    if (!(response instanceof Promise)) {
      finish(exchange, work, response, now);
      return;
    }
    work.isPending = true;
    schedule(exchange, work, now);
    response
      .then(
        (answer) => finish(exchange, work, answer, clock.monotonic()),
        (error: unknown) => fail(exchange, work, error),
      )
      .catch((error: unknown) => endpoint.onError(error));
  }

  function schedule(exchange: Exchange<Peer>, work: Work<Peer>, now: number): void {
    if (!exchange.confirmable || work.isAcknowledged) return;
    if (work.acknowledgement) deadlines.clear(work.acknowledgement);
    if (work.ackAfterMs < 0) return;
    const dueAt = work.receivedAt + work.ackAfterMs;
    if (dueAt <= now) {
      acknowledge(exchange, work);
      return;
    }
    work.acknowledgement ??= createDeadline(() => acknowledge(exchange, work));
    deadlines.set(work.acknowledgement, dueAt);
  }

  function acknowledge(exchange: Exchange<Peer>, work: Work<Peer>): void {
    if (exchange.phase !== 'working') return;
    work.isAcknowledged = true;
    const ack = emptyMessage('ACK', exchange.id);
    exchanges.acknowledged(exchange, ack.toString('latin1'));
    const { peer } = exchange.peer;
    reply(peer, work.path, () => endpoint.send(ack, peer));
  }

  function fail(exchange: Exchange<Peer>, work: Work<Peer>, error: unknown): void {
    counts.handlerErrors++;
    try {
      endpoint.onHandlerError?.(error, work.request);
    } catch (second) {
      endpoint.onError(second);
    }
    answerWith(exchange, work, { code: coapCode.internalServerError });
  }

  /** Sends what a handler answered, or as much of it as fits. */
  function finish(exchange: Exchange<Peer>, work: Work<Peer>, response: CoapResponse, now: number): void {
    if (exchange.phase !== 'working') return;
    let datagram: Buffer;
    try {
      if (!isResponseCode(response.code)) throw new RangeError('a response has the code of none');
      const { request, budgetBytes } = work;
      const part = downloads.begin(exchange.peer.key, request, response, budgetBytes, now);
      datagram = compose(exchange, work, withBlock1(request, part));
    } catch (error) {
      fail(exchange, work, error);
      return;
    }
    deliver(exchange, work, datagram);
  }

  function answerWith(exchange: Exchange<Peer>, work: Work<Peer>, response: CoapResponse): void {
    if (exchange.phase !== 'working') return;
    deliver(exchange, work, compose(exchange, work, response));
  }

  function compose(exchange: Exchange<Peer>, work: Work<Peer>, response: CoapResponse): Buffer {
    const isPiggybacked = exchange.confirmable && !work.isAcknowledged;
    const ofItsOwn = exchange.confirmable ? 'CON' : 'NON';
    return encodeMessage({
      type: isPiggybacked ? 'ACK' : ofItsOwn,
      code: response.code,
      id: isPiggybacked ? exchange.id : takeMessageId(exchange.peer),
      token: work.request.token,
      options: response.options ?? [],
      payload: response.payload ?? noBytes,
    });
  }

  function deliver(exchange: Exchange<Peer>, work: Work<Peer>, datagram: Buffer): void {
    const { peer, confirmable } = exchange;
    if (work.acknowledgement) deadlines.clear(work.acknowledgement);
    if (confirmable && work.isAcknowledged) {
      // A copy of the request is acknowledged again; the response is on its way by itself.
      const id = datagram.readUInt16BE(2);
      reply(peer.peer, work.path, () =>
        responses.send(peer, id, datagram, work.budgetBytes, clock.monotonic()),
      );
      exchanges.answered(exchange, exchange.repeat);
      return;
    }
    exchanges.answered(exchange, confirmable ? datagram.toString('latin1') : '');
    reply(peer.peer, work.path, () => endpoint.send(datagram, peer.peer));
  }

  return {
    receive,
    ackAfter(request, ackAfterMs) {
      const state = peers.find(request.peer);
      const now = clock.monotonic();
      const exchange = state && exchanges.find(state, request.id, now);
      if (exchange?.work?.request !== request) return;
      exchange.work.ackAfterMs = ackAfterMs;
      if (exchange.work.isPending) schedule(exchange, exchange.work, now);
    },
    forget(peer) {
      const state = peers.find(peer);
      if (state) {
        exchanges.forgetAll(state);
        peers.release(state);
      }
      for (const { transfers } of [uploads, downloads]) transfers.forgetAll(peers.keyOf(peer));
    },
    statistics: () => ({
      ...counts,
      exchanges: exchanges.size,
      working: exchanges.working,
      answerBytes: exchanges.answerBytes,
      evicted: exchanges.evicted,
      uploads: uploads.transfers.size,
      uploadBytes: uploads.transfers.bytes,
      downloads: downloads.transfers.size,
      downloadBytes: downloads.transfers.bytes,
    }),
  };
}

/** What no handler is asked about: we are no proxy (RFC 7252 §5.7.2), and know these methods (RFC 7252 §5.8, RFC 8132). */
function notForUs(request: CoapRequest<unknown>): CoapResponse | undefined {
  if (findOption(request, coapOption.proxyUri) ?? findOption(request, coapOption.proxyScheme))
    return { code: coapCode.proxyingNotSupported };
  return request.code > coapCode.iPatch ? { code: coapCode.methodNotAllowed } : undefined;
}

/** The answer to the last block of a body says which one it was (RFC 7959 §2.3). */
function withBlock1(request: CoapRequest<unknown>, response: CoapResponse): CoapResponse {
  const block = readBlock(request, coapOption.block1);
  if (block === undefined) return response;
  const options = [...(response.options ?? []), blockOption(coapOption.block1, { ...block, more: false })];
  return { ...response, options };
}
