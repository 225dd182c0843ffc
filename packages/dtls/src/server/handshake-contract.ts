import type { SecureRecords, Unopened } from '../crypto/secure-records.ts';
import type { ClientHello } from '../wire/client-hello.ts';
import type { HandshakeFragment } from '../wire/handshake-message.ts';
import type { DtlsRecord } from '../wire/read-records.ts';
import type { DropReason, DtlsCounters, HandshakeFailure } from './counters.ts';
import type { Terms } from './negotiate.ts';
import type { ServerCertificate } from './options.ts';
import type { FinalFlight } from './outgoing-flight.ts';
import type { Peer } from './peer.ts';
import type { Standing } from './pending-handshakes.ts';
import type { Session, SessionCache } from './session-cache.ts';
import type { Settings } from './settings.ts';

/** What the server gives to a handshake. */
export interface HandshakeHost<P> {
  readonly settings: Settings<P>;
  readonly sessions: SessionCache<P>;
  readonly counters: DtlsCounters;
  send(datagram: Buffer): void;
  drop(reason: DropReason): void;
  /** The client has proved more, or less, than before. */
  onStanding(standing: Standing): void;
  onKeysDiffer(): void;
  onEstablished(established: Established<P>): void;
  onFailed(failure: HandshakeFailure): void;
  /** An error was thrown outside of any call of the server. */
  onThrown(error: unknown): void;
}

/** The result of a successful handshake. */
export interface Established<P> {
  readonly records: SecureRecords;
  readonly principal: P;
  readonly terms: Terms;
  readonly isResumed: boolean;
  readonly sessionId: Buffer;
  /** To be sent again when the client repeats its own last flight; absent where the client's was the last one. */
  readonly finalFlight: FinalFlight | undefined;
}

export interface HandshakeStart<P> {
  readonly host: HandshakeHost<P>;
  readonly peer: Peer;
  readonly hello: ClientHello;
  /** As it enters the transcript. */
  readonly helloMessage: Buffer;
  /** Of the ClientHello's record and message: ours go on from them (RFC 6347 §4.2.1). */
  readonly recordSequence: number;
  readonly messageSequence: number;
  readonly terms: Terms;
  /** The one that `terms` were made for. */
  readonly certificate: ServerCertificate | undefined;
  /** Where an earlier one is resumed. */
  readonly session: Session<P> | undefined;
  readonly connectionId: Buffer;
}

/** A handshake that has begun, as the server sees it. */
export interface Handshake {
  /** What the client puts into its records, maybe empty. */
  readonly connectionId: Buffer;
  /** The keys are known: protected records can be opened. */
  readonly hasKeys: boolean;
  /** The likely cause if the handshake fails. */
  readonly suspicion: HandshakeFailure | undefined;
  /** A record came that neither the handshake's keys nor those of an association open. */
  doubt(): void;
  /** The ClientHello came once more. */
  repeat(): void;
  add(fragment: HandshakeFragment): void;
  /** Opens a record of the second epoch. */
  open(record: DtlsRecord): 'taken' | Unopened;
  /** Keeps a record of the second epoch until there are keys. */
  hold(record: DtlsRecord): void;
  /** Sends the flight again if it is due. */
  tick(now: number): void;
  /** Ends it silently: what is still under way has no effect any more. */
  abandon(): void;
}
