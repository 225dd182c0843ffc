import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { AlertName } from '../wire/alert.ts';
import type { Peer } from './peer.ts';

/**
 * - `close-notify`, `alert`: the peer said so, with or without a complaint.
 * - `idle`: nothing was heard for too long.
 * - `replaced`: the peer made a new association from the same address.
 * - `closed`, `aborted`: we ended it, with or without a complaint.
 */
export type CloseReason = 'close-notify' | 'alert' | 'idle' | 'replaced' | 'closed' | 'aborted';

/** A peer that proved who it is, and the keys shared with it. */
export interface Association<P> {
  /** Where it was heard of last. */
  readonly peer: Peer;
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
  /** Ends it with close_notify. */
  close(): void;
  /** Ends it with a fatal alert: its session is not resumed. */
  abort(alert: AlertName): void;
}
