import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { AlertName } from '../wire/alert.ts';
import type { Peer } from './peer.ts';

/**
 * - `close-notify`, `alert`: the peer ended it, with close_notify or with a fatal alert.
 * - `idle`: the peer sent nothing for too long.
 * - `replaced`: a new association was made from the same address, and this one has no connection id to be found by.
 * - `displaced`: there were too many, of its principal or in all, and it gave way; the peer gets a close_notify.
 * - `closed`, `aborted`: the server ended it, with close_notify or with a fatal alert.
 */
export type CloseReason = 'close-notify' | 'alert' | 'idle' | 'replaced' | 'displaced' | 'closed' | 'aborted';

/** A peer that proved who it is, and the keys shared with it. */
export interface Association<P> {
  /** Where the peer is: `send` sends there. */
  readonly peer: Peer;
  /**
   * Another client has made an association from this peer's address, and so has proved that the address is its own. Nothing is sent
   * until the peer sends from another address, and is confirmed there.
   */
  readonly isDetached: boolean;
  /** Where its newest records come from. Nothing proves that the peer is there; see `onCandidatePeer`. */
  readonly candidatePeer: Peer | undefined;
  readonly principal: P;
  readonly cipherSuite: CipherSuiteName;
  /** Whether the handshake resumed an earlier session. */
  readonly isResumed: boolean;
  /** Whether the peer may change its address. */
  readonly hasConnectionId: boolean;
  readonly isOpen: boolean;
  /** For the caller: the server does not touch it. */
  data: unknown;
  /**
   * Sends one record; does nothing if the association has ended.
   *
   * @throws RangeError if it is longer than a record may be, 16 kB.
   */
  send(bytes: Uint8Array): void;
  /**
   * Sends one record to the candidate, to find out whether the peer receives there: at most three times as many bytes as came
   * from there. Returns false if that would be too much, or if `candidate` is no longer the candidate.
   */
  sendToCandidate(candidate: Peer, bytes: Uint8Array): boolean;
  /** The peer has proved that it receives there: records go there from now on. Returns false if it is no longer the candidate. */
  confirmPeer(candidate: Peer): boolean;
  /** Ends it with close_notify. */
  close(): void;
  /** Ends it with a fatal alert, after which its session cannot be resumed. */
  abort(alert: AlertName): void;
}
