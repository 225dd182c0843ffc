import type { KeyObject } from 'node:crypto';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { Association, CloseReason } from './association.ts';
import type { DropReason, HandshakeFailure } from './counters.ts';
import type { Peer } from './peer.ts';

/** Time as the server needs it; `Clock` of `@rollcall/core` is one. */
export interface DtlsClock {
  /** Milliseconds that never step. */
  monotonic(): number;
  /** Calls `wake` once, not before `deadline`. The result disarms it. */
  at(deadline: number, wake: () => void): () => void;
}

export interface PskMatch<P> {
  readonly secret: KeyObject | Uint8Array;
  /** Who the identity stands for; handed on with the association. */
  readonly principal: P;
}

/** Proves to clients who the server is. */
export interface ServerCertificate {
  /** DER, the server's own first. */
  readonly chain: readonly Uint8Array[];
  /** Of an ECDSA key on P-256 or P-384. */
  readonly key: KeyObject;
}

export interface DtlsServerOptions<P> {
  readonly clock: DtlsClock;
  /** Must not call `receive` before it returns. The bytes are not touched any more. Where it throws the datagram is lost. */
  send(datagram: Buffer, peer: Peer): void;
  onOpen(association: Association<P>): void;
  /**
   * One record of data. The bytes are not touched any more.
   *
   * @param from where it came from: the very `peer` or `candidatePeer` of the association where it is one of them.
   */
  onMessage(association: Association<P>, plaintext: Buffer, from: Peer): void;
  /** Called once for each association that was opened, whichever side ended it. */
  onClose(association: Association<P>, reason: CloseReason): void;
  /**
   * The peer's newest data came from an address that is not known to be its own: it has moved, or an attacker relays its records. What
   * is sent goes where it went before, until `confirmPeer`. Find out whether the peer receives at the candidate: send it, with
   * `sendToCandidate`, something that cannot be guessed and that must be answered from there (RFC 9146 §6). Called for each such record,
   * before its data is handed over; with `undefined` where the newest one came from the known address again. Without it no peer moves.
   */
  onCandidatePeer?(association: Association<P>, candidate: Peer | undefined): void;
  /**
   * Called when `send`, or any other of these functions, throws. This peer loses its datagram, its handshake (`internal-error`) or its
   * association, and other peers lose nothing. By default the error is thrown on.
   */
  onError?(error: unknown, peer: Peer): void;
  /** Called for each datagram, or part of one, that is dropped. `counters` count them. */
  onDropped?(peer: Peer, reason: DropReason): void;
  /** Called when a handshake fails, often only since the client went away. */
  onHandshakeFailed?(peer: Peer, failure: HandshakeFailure): void;
  /**
   * The keys of a known identity do not open what a peer sent: probably a wrong key. Called at once, and once for each handshake, so
   * that failed tries can be limited. `onHandshakeFailed` follows when it is certain.
   */
  onKeysDiffer?(peer: Peer): void;

  /**
   * The keys of an identity. There may be several while a key is changed: the first four are tried. `undefined`, or none, for an
   * unknown identity: the client cannot tell that from a wrong key. Where it rejects, the client's next retransmission asks again.
   */
  findPsk?(identity: Buffer, peer: Peer): Promise<PskMatch<P> | readonly PskMatch<P>[] | undefined>;
  /**
   * With `verifyCertificate`: clients prove with certificates who they are, and all of them must. A function is asked with each
   * handshake; the curve of its key may change.
   */
  readonly certificate?: ServerCertificate | (() => ServerCertificate);
  /**
   * Called once the client proved to hold the key of `chain[0]`; all else, trust and validity, is decided here. `undefined` refuses.
   * Where it rejects the client hears nothing, and its next retransmission asks again.
   *
   * @param serverName the host name that the client asked for (RFC 6066 §3), if any: letters, digits, `-`, `_` and dots.
   */
  verifyCertificate?(
    chain: readonly Buffer[],
    peer: Peer,
    serverName: string | undefined,
  ): Promise<P | undefined>;
  /** Whether a session may still be resumed: its credentials may have been revoked. By default it may. */
  mayResume?(principal: P): Promise<boolean>;

  /**
   * Equal exactly for principals that are the same device, and never changing: limits for each principal count by it. Without it
   * there are none, and all principals are one.
   */
  principalKey?(principal: P): string;
  /** Whether `maxPendingPerAddress` does not count there, as behind a balancer that hides its clients. */
  isSharedAddress?(address: string): boolean;
  /** Instead of `maxAssociationsPerPrincipal`, for this one; 0: any number. */
  maxAssociationsOf?(principal: P): number | undefined;

  /** By default all but those with CBC. */
  readonly cipherSuites?: readonly CipherSuiteName[];
  /**
   * Length of the connection ids that clients put into their records; 0, the default, does without (RFC 9146). Eight bytes are
   * enough for any number of clients.
   */
  readonly connectionIdBytes?: number;
  /** Handshake messages are cut so that UDP payloads are no longer than this. */
  readonly maxDatagramBytes?: number;
  /** Silence after which an association is ended. */
  readonly idleTimeoutMs?: number;
  readonly handshakeTimeoutMs?: number;
  /** Silence after which a handshake is given up; by default 15 s, or four times `retransmitMs` where that is longer. */
  readonly flightTimeoutMs?: number;
  /** Until a flight is sent again for the first time; doubled each time. */
  readonly retransmitMs?: number;
  /** How long a secret makes cookies. */
  readonly cookieRotationMs?: number;
  readonly limits?: Partial<DtlsLimits>;
  /** Unpredictable bytes: keys, cookies, session and connection ids are made of them. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** What all clients together may cost. */
export interface DtlsLimits {
  /** Beyond it the principal that has most loses the one silent longest. */
  readonly maxAssociations: number;
  /** Of one principal: beyond it the one silent longest gives way. 0: any number. */
  readonly maxAssociationsPerPrincipal: number;
  /** Beyond it the one that has proved least gives way, and of these the oldest of the address block that holds most. */
  readonly maxPendingHandshakes: number;
  /** The same from one IPv4 address, or one /64 of IPv6. */
  readonly maxPendingPerAddress: number;
  /** Sessions that may be resumed; 0: none. */
  readonly maxSessions: number;
  /** Of one principal; 0: any number. */
  readonly maxSessionsPerPrincipal: number;
  readonly sessionLifetimeMs: number;
  /** Unprotected alerts to those who send data in an association that is not known here; 0: none. */
  readonly maxStrayAlertsPerSecond: number;
}
