import { isRequestCode } from '../wire/coap-code.ts';
import type { CoapMessage } from '../wire/coap-message.ts';
import { decodeMessage, type CoapFormatError } from '../wire/decode-message.ts';
import { emptyMessage } from '../wire/encode-message.ts';
import { defaultCoapLimits } from './coap-limits.ts';
import type { CoapRequest } from './coap-request.ts';
import type { CoapStatistics } from './coap-statistics.ts';
import { createDeadlines, type Deadlines } from './deadlines.ts';
import type { CoapEndpointOptions } from './endpoint-options.ts';
import { PathProbes, type PathProbe } from './path-probes.ts';
import { createPeerTable, type PeerState, type PeerTable } from './peer-table.ts';
import { createPings, type Pings } from './pings.ts';
import { RequestServer } from './request-server.ts';
import { createSeparateResponses, type SeparateResponses } from './separate-responses.ts';
import { throwOn } from './throw-on.ts';
import { defaultTransmissionTiming } from './transmission-timing.ts';

/*
 * The way of a datagram, and which file decides what. The state of each peer is in `peer-table.ts`.
 *
 *     coap-endpoint.ts            what kind of message is it?
 *       request-server.ts           a request: a copy, a block of a body, or one for the handler?
 *         exchange-table.ts           requests that have come, and what a copy is answered with
 *         uploads.ts, downloads.ts    bodies that come and go in blocks
 *         answer-sender.ts            acknowledgements and answers
 *       separate-responses.ts       answers that are sent until they are acknowledged
 *       pings.ts                    is a peer there?
 *       path-probes.ts              does a peer receive where its datagrams seem to come from?
 *         held-answers.ts             answers that wait until that is known
 *     deadlines.ts                one timer for all of it
 */

/** CoAP over any datagram transport: the caller hands in each datagram with the peer that it came from. */
export interface CoapEndpoint<Peer> {
  /**
   * Takes a datagram. The caller must not use its memory again.
   *
   * @param path by which it came, if that path is not known to be the peer's: any value, equal for equal paths; see `probePath`.
   * @returns `request` for a request that is served or refused; `other` for all else, also for a copy of a request.
   */
  receive(datagram: Uint8Array, peer: Peer, path?: unknown): 'request' | 'other';
  /**
   * Finds out whether the peer receives where some of its datagrams come from: sends an empty confirmable message with an id that cannot be
   * guessed. The answer must come by the same path. Until then, and for 2 s at most, answers to requests by such a path wait.
   * A probe of the same path that is under way goes on. A probe of another path is given up.
   */
  probePath(peer: Peer, path: unknown, probe: PathProbe): void;
  /** Ends the probe, e.g. because the peer sent by its own path again. The answers that wait are sent. */
  endProbe(peer: Peer): void;
  /** Changes `ackAfterMs` for one request; the time still counts from its arrival. */
  ackAfter(request: CoapRequest<Peer>, ackAfterMs: number): void;
  /** Resolves to whether the peer is there: false if it does not answer in about 1.5 minutes, or is forgotten. */
  ping(peer: Peer): Promise<boolean>;
  /** The peer is gone. What handlers answer to it from now on is dropped. */
  forget(peer: Peer): void;
  statistics(): CoapStatistics;
  /** Forgets all peers. Nothing is answered from now on. */
  close(): void;
}

/** A header, and nothing else (RFC 7252 §4.1). */
const emptyMessageBytes = 4;

export function createCoapEndpoint<Peer>(options: CoapEndpointOptions<Peer>): CoapEndpoint<Peer> {
  return new Endpoint(options);
}

class Endpoint<Peer> implements CoapEndpoint<Peer> {
  readonly #options: CoapEndpointOptions<Peer>;
  readonly #onError: (error: unknown) => void;
  readonly #deadlines: Deadlines;
  readonly #peers: PeerTable<Peer>;
  readonly #responses: SeparateResponses<Peer>;
  readonly #pings: Pings<Peer>;
  readonly #paths: PathProbes<Peer>;
  readonly #requests: RequestServer<Peer>;
  readonly #counts = { received: 0, formatErrors: 0, unexpected: 0 };
  #isClosed = false;

  constructor(options: CoapEndpointOptions<Peer>) {
    const { clock } = options;
    const onError = options.onError?.bind(options) ?? throwOn;
    const random = (): number => options.random.next();
    const limits = { ...defaultCoapLimits, ...options.limits };
    const timing = { ...defaultTransmissionTiming, ...options.timing };
    const deadlines = createDeadlines(clock, onError);
    const peers = createPeerTable((peer: Peer) => options.keyOf?.(peer) ?? peer, random);
    const send = (datagram: Buffer, peer: Peer): void => this.#send(datagram, peer);
    const sending = { deadlines, random, timing, peers, send };
    const responses = createSeparateResponses({ ...sending, limits });
    const paths = new PathProbes({
      ...sending,
      now: () => clock.monotonic(),
      randomBytes: (length) => options.random.bytes(length),
    });
    this.#options = options;
    this.#onError = onError;
    this.#deadlines = deadlines;
    this.#peers = peers;
    this.#responses = responses;
    this.#pings = createPings(sending);
    this.#paths = paths;
    this.#requests = new RequestServer({
      ...sending,
      endpoint: { ...options, onError },
      limits,
      responses,
      paths,
    });
  }

  receive(datagram: Uint8Array, peer: Peer, path?: unknown): 'request' | 'other' {
    if (this.#isClosed) return 'other';
    this.#counts.received++;
    try {
      const message = decodeMessage(datagram);
      if ('problem' in message) this.#takeMalformed(message, peer, path);
      else if (isRequestCode(message.code)) {
        const at = this.#options.clock.monotonic();
        const arrival = { peer, path, datagramBytes: datagram.length, at };
        return this.#requests.receive(message, arrival) ? 'request' : 'other';
      } else this.#takeOther(message, datagram.length, peer, path);
    } catch (error) {
      this.#onError(error);
    }
    return 'other';
  }

  ackAfter(request: CoapRequest<Peer>, ackAfterMs: number): void {
    this.#requests.ackAfter(request, ackAfterMs);
  }

  ping(peer: Peer): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    return this.#pings.ping(this.#peers.open(peer), this.#options.clock.monotonic());
  }

  probePath(peer: Peer, path: unknown, probe: PathProbe): void {
    if (!this.#isClosed)
      this.#paths.begin(this.#peers.open(peer), path, probe, this.#options.clock.monotonic());
  }

  endProbe(peer: Peer): void {
    const state = this.#peers.find(peer);
    if (state) this.#paths.end(state);
  }

  forget(peer: Peer): void {
    const state = this.#peers.find(peer);
    this.#requests.forget(peer);
    if (state === undefined) return;
    this.#responses.forgetAll(state);
    this.#paths.forget(state);
    this.#pings.end(state, false);
  }

  statistics(): CoapStatistics {
    return {
      ...this.#counts,
      peers: this.#peers.size,
      pings: this.#pings.size,
      pathProbes: this.#paths.size,
      held: this.#paths.held,
      unacknowledged: this.#responses.size,
      sentAgain: this.#responses.sentAgain + this.#pings.sentAgain + this.#paths.sentAgain,
      givenUp: this.#responses.givenUp,
      ...this.#requests.statistics(),
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const { peer } of [...this.#peers.all()]) this.forget(peer);
    this.#deadlines.close();
  }

  /** A malformed message is rejected if its sender waits for an answer, and ignored otherwise (RFC 7252 §4.2, §4.3). */
  #takeMalformed({ type, id }: CoapFormatError, peer: Peer, path: unknown): void {
    this.#counts.formatErrors++;
    this.#options.onRefused?.(peer, 'format-error');
    if (type === 'CON' && id !== undefined) this.#reset(id, peer, path);
  }

  /** An empty message, or a response. */
  #takeOther({ type, id }: CoapMessage, datagramBytes: number, peer: Peer, path: unknown): void {
    const isEmpty = datagramBytes === emptyMessageBytes;
    if (type === 'CON' || type === 'NON') {
      // A ping (RFC 7252 §4.3), or a response: we send no requests, so there is none that it could answer.
      if (type === 'CON' && !isEmpty) this.#counts.unexpected++;
      this.#reset(id, peer, path);
      return;
    }
    // We send no requests, so that only empty acknowledgements and resets mean anything.
    const state = isEmpty ? this.#peers.find(peer) : undefined;
    if (state && this.#settle(state, id, path)) return;
    this.#counts.unexpected++;
    if (state) this.#paths.distrust(state, path);
  }

  /** Whether we sent a message with this id that waited for its acknowledgement. */
  #settle(state: PeerState<Peer>, id: number, path: unknown): boolean {
    return (
      this.#paths.settle(state, id, path) ||
      this.#pings.settle(state, id) ||
      this.#responses.settle(state, id)
    );
  }

  #reset(id: number, peer: Peer, path: unknown): void {
    const reset = (): void => this.#send(emptyMessage('RST', id), peer);
    if (path === undefined || !this.#paths.hold(this.#peers.find(peer), path, reset)) reset();
  }

  #send(datagram: Buffer, peer: Peer): void {
    try {
      this.#options.send(datagram, peer);
    } catch (error) {
      this.#onError(error);
    }
  }
}
