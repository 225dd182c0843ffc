import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { AlertName } from '../wire/alert.ts';
import type { Peer } from './peer.ts';

/**
 * - `close-notify`, `alert`: the peer said so, with or without a complaint.
 * - `idle`: nothing was heard for too long.
 * - `replaced`: somebody made a new association from the same address, and this one has no connection id to be known by.
 * - `displaced`: there were too many, of its principal or in all, and it gave way; the peer is told with close_notify.
 * - `closed`, `aborted`: we ended it, with or without a complaint.
 */
export type CloseReason = 'close-notify' | 'alert' | 'idle' | 'replaced' | 'displaced' | 'closed' | 'aborted';

/** A peer that proved who it is, and the keys shared with it. */
export interface Association<P> {
  /** Where it is: what is sent goes there. */
  readonly peer: Peer;
  /**
   * Somebody else has made an association from there, which proved to be its own address: what is sent goes nowhere, until the peer
   * was heard from, and confirmed, somewhere else.
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
  /** For whoever uses the server. */
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
  /** The peer has shown that it receives there: that is where it is from now on. Returns false where it is the candidate no more. */
  confirmPeer(candidate: Peer): boolean;
  /** Ends it with close_notify. */
  close(): void;
  /** Ends it with a fatal alert: its session is not resumed. */
  abort(alert: AlertName): void;
}
