import type { KeyObject, X509Certificate } from 'node:crypto';
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
  /** Who the identity stands for; the association carries it. */
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
  /** Must not call `receive` before it returns. The server does not touch the bytes any more. If it throws, the datagram is lost. */
  send(datagram: Buffer, peer: Peer): void;
  onOpen(association: Association<P>): void;
  /**
   * One record of data. The server does not touch the bytes any more.
   *
   * @param from where it came from: the same object as `peer` or `candidatePeer` of the association if it is one of them.
   */
  onMessage(association: Association<P>, plaintext: Buffer, from: Peer): void;
  /**
   * A record without data came from the peer: an empty one, an alert or a message of a handshake. It says nothing, but proves that the peer
   * is there. Not called for close_notify, of which `onClose` tells.
   */
  onSign?(association: Association<P>): void;
  /** Called once for each association that was opened, whichever side ended it. */
  onClose(association: Association<P>, reason: CloseReason): void;
  /**
   * The peer's newest data came from an address that is not known to be its own: it has moved, or an attacker relays its records. The
   * server sends to the known address until `confirmPeer`. Find out whether the peer receives at the candidate: send it, with
   * `sendToCandidate`, something that cannot be guessed and that must be answered from there (RFC 9146 §6). Called for each such record,
   * before its data is handed over; with `undefined` if the newest one came from the known address again.
   * Without this function no peer moves.
   */
  onCandidatePeer?(association: Association<P>, candidate: Peer | undefined): void;
  /**
   * Called when `send`, or any other of these functions, throws. This peer loses its datagram, its handshake (`internal-error`) or its
   * association, and other peers lose nothing. By default the error is rethrown.
   */
  onError?(error: unknown, peer: Peer): void;
  /** Called for each datagram, or part of one, that is dropped. `counters` count them. */
  onDropped?(peer: Peer, reason: DropReason): void;
  /** Called when a handshake fails, often only because the client went away. */
  onHandshakeFailed?(peer: Peer, failure: HandshakeFailure): void;
  /**
   * The keys of a known identity do not open what a peer sent: probably a wrong key. Called once for each handshake, without delay, so
   * that failed tries can be limited. `onHandshakeFailed` follows when the failure is certain.
   */
  onKeysDiffer?(peer: Peer): void;

  /**
   * The keys of an identity. There may be several while a key is changed: the first four are tried. `undefined`, or none, for an
   * unknown identity: the client cannot tell that from a wrong key. If it rejects, the client's next retransmission calls it again.
   */
  findPsk?(identity: Buffer, peer: Peer): Promise<PskMatch<P> | readonly PskMatch<P>[] | undefined>;
  /**
   * With `verifyCertificate`: clients prove with certificates who they are, and all of them must. A function is called for each
   * handshake; the curve of its key may change.
   */
  readonly certificate?: ServerCertificate | (() => ServerCertificate);
  /**
   * Called once the client proved to hold the key of `chain[0]`; this function decides about trust and validity. `undefined` refuses.
   * If it rejects, the client gets no answer, and its next retransmission calls it again.
   *
   * @param serverName the host name that the client asked for (RFC 6066 §3), if any: letters, digits, `-`, `_` and dots.
   * @param certificate `chain[0]`, as the server parsed it for the proof.
   */
  verifyCertificate?(
    chain: readonly Buffer[],
    peer: Peer,
    serverName: string | undefined,
    certificate: X509Certificate,
  ): Promise<P | undefined>;
  /** Whether a session may still be resumed: its credentials may have been revoked. By default it may. */
  mayResume?(principal: P): Promise<boolean>;

  /**
   * Two principals are the same device exactly if their keys are equal; a key never changes. Limits for each principal count by it.
   * Without this function there are no such limits, and all principals count as one.
   */
  principalKey?(principal: P): string;
  /** Whether many clients share this address, as behind a balancer that hides them: then `maxPendingPerAddress` does not apply. */
  isSharedAddress?(address: string): boolean;
  /** Instead of `maxAssociationsPerPrincipal`, for this one; 0: any number. */
  maxAssociationsOf?(principal: P): number | undefined;

  /** By default all suites without CBC. */
  readonly cipherSuites?: readonly CipherSuiteName[];
  /**
   * Length of the connection ids that clients put into their records; 0, the default, uses none (RFC 9146). Eight bytes are
   * enough for any number of clients.
   */
  readonly connectionIdBytes?: number;
  /** Handshake messages are cut so that UDP payloads are no longer than this. */
  readonly maxDatagramBytes?: number;
  /** Time without a record from the peer after which an association is ended. */
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
  /** Beyond it, the principal that has most associations loses the one silent longest. */
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
  /** Unprotected alerts to peers that send data in an association that is not known here; 0: none. */
  readonly maxStrayAlertsPerSecond: number;
}
