import type { OptionDefinition } from '../wire/option-definition.ts';
import type { CoapClock } from './coap-clock.ts';
import type { CoapLimits } from './coap-limits.ts';
import type { CoapRequest, CoapResponse } from './coap-request.ts';
import type { TransmissionTiming } from './transmission-timing.ts';

/** Why a message is not served: it is malformed, it has a critical option that is unknown, or there is no room. */
export type CoapRefusal = 'format-error' | 'bad-option' | 'too-much-work';

export interface CoapEndpointOptions<Peer> {
  /** Sends a datagram. If it throws, the datagram is lost. A lost datagram is sent again if the protocol says so. */
  send(datagram: Buffer, peer: Peer): void;
  /**
   * Answers a request. Runs once for each request, even if copies of it arrive. If it throws, the answer is 5.00. A handler that returns no
   * promise costs less.
   */
  handle(request: CoapRequest<Peer>): CoapResponse | Promise<CoapResponse>;
  /**
   * Called for a request that the handler does not see: one block of a body, or one that is refused for its options, its size, or
   * lack of room. Not called for copies.
   */
  onUnhandled?(peer: Peer): void;
  /** The key of a peer in a map, e.g. an association, or an address as text. By default the peer itself. */
  keyOf?(peer: Peer): unknown;
  /**
   * Whether a peer is known to be where its datagrams say it is, e.g. by a handshake. Others get at most three times the
   * bytes they sent, so that an attacker cannot use the endpoint to flood a forged address. By default no peer is verified.
   */
  isVerified?(peer: Peer): boolean;
  /** Called each time a message is refused, or cannot be read. `statistics` count them. */
  onRefused?(peer: Peer, cause: CoapRefusal): void;
  /** Called when a handler throws, or returns a response that cannot be sent. */
  onHandlerError?(error: unknown, request: CoapRequest<Peer>): void;
  /**
   * Called when `send`, or any of these functions but the handler, throws. This peer loses its exchange, and other peers lose
   * nothing. By default the error is rethrown.
   */
  onError?(error: unknown): void;
  readonly clock: CoapClock;
  /** `bytes` must be unpredictable: `probePath` uses them for the ids of probes. */
  readonly random: { next(): number; bytes(length: number): Uint8Array };
  /**
   * How long a confirmable request waits for its answer before it is acknowledged alone, to be answered separately. 0: a promise is
   * acknowledged at once. `undefined` or negative: never, the answer comes with the acknowledgement. See also `ackAfter`.
   */
  readonly ackAfterMs?: number;
  /** Options that the handler understands, beyond those of the RFCs. A request with an unknown critical option is refused. */
  readonly options?: readonly OptionDefinition[];
  readonly limits?: Partial<CoapLimits>;
  readonly timing?: Partial<TransmissionTiming>;
}
