import type { KeyObject } from 'node:crypto';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { CurveName } from '../crypto/named-curve.ts';
import type { DtlsClock } from '../server/options.ts';

export interface DtlsClientOptions {
  readonly clock: DtlsClock;
  readonly cipherSuites: readonly CipherSuiteName[];
  /** Curves and signature schemes that it offers; default: P-256, and ECDSA with SHA-256. */
  readonly curves?: readonly CurveName[];
  readonly signatureSchemes?: readonly number[];
  send(datagram: Buffer): void;
  readonly psk?: { readonly identity: Uint8Array; readonly secret: Uint8Array };
  /** DER, the client's own first; none: a client that has no certificate. */
  readonly certificate?: { readonly chain: readonly Uint8Array[]; readonly key: KeyObject };
  /** The server must put it into its records; it may be empty. `undefined`: no connection ids. */
  readonly connectionId?: Buffer;
  /** The body of the server_name extension, or the one host name in it. */
  readonly serverName?: string | Uint8Array;
  readonly session?: ClientSession;
  readonly extendedMasterSecret?: boolean;
  readonly encryptThenMac?: boolean;
  readonly maxDatagramBytes?: number;
  readonly retransmitMs?: number;
  readonly randomBytes?: (count: number) => Uint8Array;
  readonly tamper?: Tamper;
  onOpen?(): void;
  onMessage?(plaintext: Buffer): void;
  onClose?(reason: ClientCloseReason): void;
}

/** What a client does wrong on purpose. Datagrams can be changed in `send`. */
export interface Tamper {
  /** The body of a handshake message; the client's transcript has what is returned. */
  message?(type: number, body: Buffer): Buffer;
  /** The fragments of an unprotected message, with their headers. */
  fragments?(fragments: readonly Buffer[]): readonly Buffer[];
}

/** What a later connection may resume. */
export interface ClientSession {
  readonly id: Buffer;
  readonly master: Uint8Array;
  readonly cipherSuite: CipherSuiteName;
}

/**
 * - `alert`: the server ended it with a fatal alert, see `alert`.
 * - `server-not-authentic`: the server's signature or Finished does not verify.
 */
export type ClientCloseReason = 'closed' | 'close-notify' | 'alert' | 'server-not-authentic';
