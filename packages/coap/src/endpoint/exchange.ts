import type { ActiveRequest } from './active-request.ts';
import type { Linked } from './linked-list.ts';
import type { PeerState } from './peer-table.ts';

/**
 * How far the serving of a request is.
 *
 *     received ──► pending ──► acknowledged ──► answered
 *         │           │                            ▲
 *         └───────────┴────────────────────────────┘
 *
 * From each of these phases it goes to `forgotten`: when its message id expires, when its peer is gone, or when there is no room.
 */
type ExchangePhase =
  /** The handler has not returned. An answer travels with the acknowledgement (RFC 7252 §5.2.1). */
  | 'received'
  /** The handler has returned a promise. An answer still travels with the acknowledgement. */
  | 'pending'
  /** As `pending`, but an empty acknowledgement was sent: the answer will be a separate message (RFC 7252 §5.2.2). */
  | 'acknowledged'
  /** A copy of the request is answered by `repeat`. */
  | 'answered'
  /** The message id is free again. What the handler returns from now on has no effect. */
  | 'forgotten';

/**
 * A request that was received, remembered so that a copy of it is not taken for another request (RFC 7252 §4.5). There may be
 * millions: every field costs eight bytes in each.
 */
export interface Exchange<Peer> extends Linked<Exchange<Peer>> {
  readonly peer: PeerState<Peer>;
  readonly id: number;
  readonly confirmable: boolean;
  readonly expiresAt: number;
  phase: ExchangePhase;
  /**
   * The datagram that answers a copy, one character for each byte; empty: no answer. It is a string, since that is one small object
   * and not three, and never part of a larger buffer which it would keep alive.
   */
  repeat: string;
  /** Set while the handler works on it. */
  active: ActiveRequest<Peer> | undefined;
  olderOfPeer: Exchange<Peer> | undefined;
}

/** Whether an answer is still to come. */
export function isUnanswered({ phase }: Exchange<unknown>): boolean {
  return phase !== 'answered' && phase !== 'forgotten';
}
