import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { AlertName } from '../wire/alert.ts';
import type { Peer } from './peer.ts';

/**
 * - `close-notify`, `alert`: the peer said so, with or without a complaint.
 * - `idle`: nothing was heard for too long.
 * - `replaced`: a new association was made from the same address, and this one has no connection id to be found by.
 * - `displaced`: there were too many, of its principal or in all, and it gave way; the peer is told with close_notify.
 * - `closed`, `aborted`: we ended it, with or without a complaint.
 */
export type CloseReason = 'close-notify' | 'alert' | 'idle' | 'replaced' | 'displaced' | 'closed' | 'aborted';

/** A peer that proved who it is, and the keys shared with it. */
export interface Association<P> {
  /** Where it is: what is sent goes there. */
  readonly peer: Peer;
  /**
   * Another client has made an association from its address, and so has proved that the address is its own. Nothing is sent until
   * the peer is heard from another address, and confirmed there.
   */
  readonly isDetached: boolean;
  /** Where its newest records come from, which nothing proves to be where it is; see `onCandidatePeer`. */
  readonly candidatePeer: Peer | undefined;
  readonly principal: P;
  readonly cipherSuite: CipherSuiteName;
  /** The handshake went on with an earlier session. */
  readonly isResumed: boolean;
  /** It may change its address. */
  readonly hasConnectionId: boolean;
  readonly isOpen: boolean;
  /** Yours: the server does not touch it. */
  data: unknown;
  /**
   * Sends one record; nothing where the association has ended.
   *
   * @throws RangeError where it is longer than a record may be, 16 kB.
   */
  send(bytes: Uint8Array): void;
  /**
   * Sends one record to the candidate, to find out whether the peer receives there: no more than three times as many bytes as came
   * from there. Returns false where that would be too much, or it is the candidate no more.
   */
  sendToCandidate(candidate: Peer, bytes: Uint8Array): boolean;
  /** The peer has proved that it receives there: what is sent goes there from now on. Returns false where it is the candidate no more. */
  confirmPeer(candidate: Peer): boolean;
  /** Ends it with close_notify. */
  close(): void;
  /** Ends it with a fatal alert: its session is not resumed. */
  abort(alert: AlertName): void;
}
