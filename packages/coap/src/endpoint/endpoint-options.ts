import type { OptionDefinition } from '../wire/option-definition.ts';
import type { CoapClock } from './coap-clock.ts';
import type { CoapLimits } from './coap-limits.ts';
import type { CoapRequest, CoapResponse } from './coap-request.ts';
import type { TransmissionTiming } from './transmission-timing.ts';

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
