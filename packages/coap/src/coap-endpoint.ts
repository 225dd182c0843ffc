import type { CoapClock } from './coap-clock.ts';
import type { CoapRequest, CoapResponse } from './coap-exchange.ts';
import { defaultCoapLimits, type CoapLimits } from './coap-limits.ts';
import type { CoapStatistics } from './coap-statistics.ts';
import { isRequestCode } from './coap-code.ts';
import { decodeMessage } from './decode-message.ts';
import { createDeadlines } from './deadlines.ts';
import { emptyMessage } from './encode-message.ts';
import type { OptionDefinition } from './option-definition.ts';
import { createPathProbes, type PathProbe } from './path-probes.ts';
import { createPeers } from './peers.ts';
import { createPings } from './pings.ts';
import { createRequests } from './requests.ts';
import { createSeparateResponses } from './separate-responses.ts';
import { throwOn } from './throw-on.ts';
import { defaultTransmissionTiming, type TransmissionTiming } from './transmission-timing.ts';

/** Why a message is not served: no message as the standard has it, a critical option that nobody knows, no room. */
export type CoapRefusal = 'format-error' | 'bad-option' | 'too-much-work';

export interface CoapEndpointOptions<Peer> {
  /** Sends a datagram. Where it throws the datagram is lost; what is lost is sent again where the protocol says so. */
  send(datagram: Buffer, peer: Peer): void;
  /**
   * Answers a request; runs once for each, however often it arrives. What it throws is answered by 5.00. One that answers at once,
   * without a promise, costs less.
   */
  handle(request: CoapRequest<Peer>): CoapResponse | Promise<CoapResponse>;
  /**
   * Told of a request that the handler does not see: one block of a body, or one that is refused for its options, its size, or
   * lack of room. Not told of copies.
   */
  onUnhandled?(peer: Peer): void;
  /** What tells peers apart, as the key of a map: an association, or an address as text. By default the peer itself. */
  keyOf?(peer: Peer): unknown;
  /**
   * Whether a peer is known to be where its datagrams say it is, e.g. by a handshake. All others get no more than three times the
   * bytes they sent: who forges an address cannot make us flood it. By default nobody is.
   */
  isVerified?(peer: Peer): boolean;
  /** Told of what is refused, or cannot be read, each time, and of whom it came from; `statistics` count them. */
  onRefused?(peer: Peer, cause: CoapRefusal): void;
  /** Told of a handler that threw, or that answered what cannot be sent. */
  onHandlerError?(error: unknown, request: CoapRequest<Peer>): void;
  /**
   * Told of what serving a peer threw beside its handler: `send`, or any other of these functions. It costs this peer its exchange
   * and nobody else anything. By default it is thrown on.
   */
  onError?(error: unknown): void;
  readonly clock: CoapClock;
  /** `bytes` must be unpredictable: the probes of `probePath` are made of them. */
  readonly random: { next(): number; bytes(length: number): Uint8Array };
  /**
   * How long a confirmable request waits for its answer before it is acknowledged alone, to be answered separately. 0: a promise is
   * acknowledged at once. `undefined` or negative: never, the answer comes with the acknowledgement. See also `ackAfter`.
   */
  readonly ackAfterMs?: number;
  /** Options beyond those of the RFCs that the handler acts by. A critical one that nobody knows is refused. */
  readonly options?: readonly OptionDefinition[];
  readonly limits?: Partial<CoapLimits>;
  readonly timing?: Partial<TransmissionTiming>;
}

/** CoAP on any number of datagram transports: each datagram comes with whom it is from. */
export interface CoapEndpoint<Peer> {
  /**
   * Takes a datagram, whose memory must not be used again.
   *
   * @param path by which it came, where that is not known to be the peer's: anything, equal for equal paths; see `probePath`.
   */
  receive(datagram: Uint8Array, peer: Peer, path?: unknown): void;
  /**
   * Asks whether the peer receives where some of its datagrams come from, by an empty confirmable message with an id that cannot be
   * guessed. The answer must come by the same path. Until then, though no longer than 2 s, answers to what came by any such path wait;
   * then they are sent as all are. The probe of the same path goes on; that of another one is given up.
   */
  probePath(peer: Peer, path: unknown, probe: PathProbe): void;
  /** There is nothing to find out any more, e.g. since the peer was heard by its own path again. What waits is sent. */
  endProbe(peer: Peer): void;
  /** Decides anew when a request is acknowledged alone, counted from its arrival; see `ackAfterMs`. */
  ackAfter(request: CoapRequest<Peer>, ackAfterMs: number): void;
  /** Whether the peer is there: false where it did not answer in about 1.5 minutes, or was forgotten. */
  ping(peer: Peer): Promise<boolean>;
  /** The peer is gone. Whatever its handlers say from now on goes nowhere. */
  forget(peer: Peer): void;
  statistics(): CoapStatistics;
  /** Forgets all peers, and answers nobody any more. */
  close(): void;
}

export function createCoapEndpoint<Peer>(options: CoapEndpointOptions<Peer>): CoapEndpoint<Peer> {
  const { clock } = options;
  const random = (): number => options.random.next();
  const limits = { ...defaultCoapLimits, ...options.limits };
  const timing = { ...defaultTransmissionTiming, ...options.timing };
  const onError = options.onError?.bind(options) ?? throwOn;
  const deadlines = createDeadlines(clock, onError);
  const peers = createPeers((peer: Peer) => options.keyOf?.(peer) ?? peer, random);
  const send = (datagram: Buffer, peer: Peer): void => {
    try {
      options.send(datagram, peer);
    } catch (error) {
      onError(error);
    }
  };
  const sending = { deadlines, random, timing, peers, send };
  const responses = createSeparateResponses({ ...sending, limits });
  const pings = createPings(sending);
  const paths = createPathProbes({
    ...sending,
    now: () => clock.monotonic(),
    randomBytes: (length) => options.random.bytes(length),
  });
  const requests = createRequests({
    endpoint: { ...options, send, onError },
    limits,
    timing,
    deadlines,
    peers,
    responses,
    paths,
  });
  let received = 0;
  let formatErrors = 0;
  let unexpected = 0;
  let isClosed = false;

  function reset(id: number, peer: Peer, path: unknown): void {
    const answer = (): void => send(emptyMessage('RST', id), peer);
    if (path === undefined || !paths.hold(peers.find(peer), path, answer)) answer();
  }

  function forget(peer: Peer): void {
    const state = peers.find(peer);
    requests.forget(peer);
    if (state === undefined) return;
    responses.forgetAll(state);
    paths.forget(state);
    pings.end(state, false);
  }

  function take(datagram: Uint8Array, peer: Peer, path: unknown): void {
    const message = decodeMessage(datagram);
    if ('problem' in message) {
      formatErrors++;
      options.onRefused?.(peer, 'format-error');
      // What cannot be read is rejected where its sender waits for an answer, and ignored otherwise (RFC 7252 §4.2, §4.3).
      if (message.type === 'CON' && message.id !== undefined) reset(message.id, peer, path);
      return;
    }
    const { type, code, id } = message;
    if (isRequestCode(code)) {
      requests.receive(message, { peer, path, datagramBytes: datagram.length, at: clock.monotonic() });
      return;
    }
    if (type === 'CON' || type === 'NON') {
      // A ping (RFC 7252 §4.3), or a response that nobody here asked for.
      if (type === 'CON' && datagram.length > 4) unexpected++;
      reset(id, peer, path);
      return;
    }
    // We ask nothing that would be answered with content, so that only empty messages mean anything.
    const state = datagram.length === 4 ? peers.find(peer) : undefined;
    if (state && (paths.settle(state, id, path) || pings.settle(state, id) || responses.settle(state, id)))
      return;
    unexpected++;
    if (state) paths.distrust(state, path);
  }

  return {
    receive(datagram, peer, path) {
      if (isClosed) return;
      received++;
      try {
        take(datagram, peer, path);
      } catch (error) {
        onError(error);
      }
    },
    ackAfter: requests.ackAfter,
    ping(peer) {
      return isClosed ? Promise.resolve(false) : pings.ping(peers.open(peer), clock.monotonic());
    },
    probePath(peer, path, probe) {
      if (!isClosed) paths.begin(peers.open(peer), path, probe, clock.monotonic());
    },
    endProbe(peer) {
      const state = peers.find(peer);
      if (state) paths.end(state);
    },
    forget,
    statistics: () => ({
      peers: peers.size,
      pings: pings.size,
      pathProbes: paths.size,
      held: paths.held,
      unacknowledged: responses.size,
      received,
      formatErrors,
      unexpected,
      sentAgain: responses.sentAgain + pings.sentAgain + paths.sentAgain,
      givenUp: responses.givenUp,
      ...requests.statistics(),
    }),
    close() {
      isClosed = true;
      for (const { peer } of [...peers.all()]) forget(peer);
      deadlines.close();
    },
  };
}
