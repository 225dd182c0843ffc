import type { X509Certificate } from 'node:crypto';
import { agreedRecords } from '../crypto/agreed-records.ts';
import { cipherSuites, type CipherSuite } from '../crypto/cipher-suite.ts';
import { finishedData, type HelloRandoms } from '../crypto/key-schedule.ts';
import type { OpenedRecord, SecureRecords, Unopened } from '../crypto/secure-records.ts';
import { alertMessage, readAlert, type AlertName } from '../wire/alert.ts';
import { contentType } from '../wire/content-type.ts';
import type { HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import type { DtlsRecord } from '../wire/read-records.ts';
import { plainRecord } from '../wire/record.ts';
import {
  createClientFlight,
  type AgreedSecret,
  type ClientFlight,
  type ClientFlightOutcome,
} from './client-flight.ts';
import type { HandshakeFailure } from './counters.ts';
import type { Handshake, HandshakeStart } from './handshake-contract.ts';
import { isWaiting, type HandshakeState } from './handshake-state.ts';
import { HeldRecords } from './held-records.ts';
import { readFinished } from './read-finished.ts';
import { createOutgoingFlight, type FinalFlight, type OutgoingFlight } from './outgoing-flight.ts';
import { sayServerKeyExchange } from './server-key-exchange.ts';
import { serverHello } from './server-messages.ts';
import { newSessionId, type Session } from './session-cache.ts';

/*
 * The flights of RFC 6347 §4.2.4, and where this handshake is after each of them (`handshake-state.ts`).
 * [...] is a ChangeCipherSpec: what follows it is protected.
 *
 *     Client                                      Server
 *
 *     ClientHello              ------->                                       Flight 1
 *                              <-------           HelloVerifyRequest          Flight 2
 *     ClientHello with cookie  ------->                                       Flight 3
 *
 *                      hello-verifier.ts up to here; from here on this file
 *
 *   Full                       <-------           ServerHello                 Flight 4
 *                                                 Certificate           (1)
 *                                                 ServerKeyExchange     (1)(2)
 *                                                 CertificateRequest    (1)
 *                                                 ServerHelloDone
 *                                                                             waiting-for-client-flight
 *     Certificate          (1) ------->                                       Flight 5
 *     ClientKeyExchange
 *     CertificateVerify    (1)
 *                                                                             waiting-for-finished
 *     [ChangeCipherSpec]
 *     Finished
 *                                                                             verifying-certificate (1)
 *                              <-------           [ChangeCipherSpec]          Flight 6
 *                                                 Finished
 *                                                                             over
 *
 *   Resumed                    <-------           ServerHello                 Flight 4
 *                                                 [ChangeCipherSpec]
 *                                                 Finished
 *                                                                             waiting-for-finished
 *     [ChangeCipherSpec]       ------->                                       Flight 5
 *     Finished
 *                                                                             over
 *
 *   (1) with certificates, ECDHE_ECDSA
 *   (2) with a pre-shared key and ECDHE_PSK; with PSK alone there is no ServerKeyExchange, since we give no hint (RFC 4279 §2)
 *
 * The RFC draws the resumed one without a cookie; we ask for one each time. We send flight 4 again when the client is silent, or
 * repeats its ClientHello. When the client repeats its Finished, the association sends flight 6 again.
 */

interface KeyCandidate<P> {
  readonly secret: AgreedSecret<P>;
  readonly records: SecureRecords;
}

/** How many records the keys may fail to open: each may be a guess. After that the client has to begin again. */
const maxDoubts = 16;

/** Sends our first flight. */
export function startHandshake<P>(start: HandshakeStart<P>): Handshake {
  const handshake = new ServerHandshake(start);
  handshake.begin();
  return handshake;
}

/** A class: there may be thousands, and methods on a prototype cost each of them nothing. */
class ServerHandshake<P> implements Handshake {
  readonly connectionId: Buffer;
  suspicion: HandshakeFailure | undefined;
  readonly #start: HandshakeStart<P>;
  readonly #suite: CipherSuite;
  readonly #randoms: HelloRandoms;
  readonly #sessionId: Buffer;
  readonly #flight: OutgoingFlight;
  readonly #held = new HeldRecords();
  #state: HandshakeState<P> = { name: 'waiting-for-client-flight' };
  /** The messages of both sides. */
  #transcript: readonly Buffer[];
  /** Absent where a session is resumed: then the client sends only its Finished. */
  #clientFlight: ClientFlight | undefined;
  /** Keys that may have been agreed on. The first authentic record decides which. */
  #candidates: readonly KeyCandidate<P>[] = [];
  #doubts = 0;

  constructor(start: HandshakeStart<P>) {
    const { host, hello, terms, session } = start;
    const { settings } = host;
    this.#start = start;
    this.connectionId = start.connectionId;
    this.#suite = cipherSuites[terms.cipherSuite];
    this.#randoms = { client: hello.random, server: Buffer.from(settings.randomBytes(32)) };
    this.#sessionId = session?.id ?? newSessionId(terms, settings);
    this.#transcript = [start.helloMessage];
    this.#flight = createOutgoingFlight({
      clock: settings.clock,
      maxDatagramBytes: settings.maxDatagramBytes,
      retransmitMs: settings.retransmitMs,
      messageSequence: start.messageSequence,
      recordSequence: start.recordSequence,
      send: host.send,
    });
  }

  /** Flight 4. */
  begin(): void {
    const { terms, session } = this.#start;
    const random = this.#randoms.server;
    this.#say(
      handshakeType.serverHello,
      serverHello({ random, sessionId: this.#sessionId, terms, connectionId: this.connectionId }),
    );
    if (session) this.#resume(session);
    else this.#exchangeKeys();
    this.#transmit();
  }

  get hasKeys(): boolean {
    return this.#candidates.length > 0;
  }

  add(fragment: HandshakeFragment): void {
    if (isWaiting(this.#state) && this.#clientFlight) this.#clientFlight.add(fragment);
    else this.#start.host.drop('unexpected');
  }

  hold(record: DtlsRecord): void {
    if (!this.#held.hold(record)) this.#start.host.drop('unexpected');
  }

  open(record: DtlsRecord): 'taken' | Unopened {
    if (this.#state.name === 'over') return 'not-authentic';
    for (const candidate of this.#candidates) {
      const opened = candidate.records.open(record);
      if (opened === 'not-authentic') continue;
      if (typeof opened === 'string') return opened;
      this.#candidates = [candidate];
      this.#takeOpened(opened, candidate);
      return 'taken';
    }
    return 'not-authentic';
  }

  doubt(): void {
    const { host } = this.#start;
    const isKnown = this.#candidates.some(({ secret }) => secret.principal !== undefined);
    if (isKnown && this.suspicion === undefined) host.onKeysDiffer();
    if (isKnown) this.suspicion = 'keys-differ';
    host.onStanding('failed');
    if (++this.#doubts === maxDoubts) this.#fail('timeout');
  }

  repeat(): void {
    if (isWaiting(this.#state) && this.#flight.mayRepeat()) this.#retransmit();
  }

  tick(now: number): void {
    if (isWaiting(this.#state) && this.#flight.isDue(now)) this.#retransmit();
  }

  abandon(): void {
    this.#enter({ name: 'over' });
  }

  #enter(state: HandshakeState<P>): void {
    this.#state = state;
  }

  #resume({ master, principal }: Session<P>): void {
    const outcome = {
      agreed: [{ master, principal }],
      transcript: this.#transcript,
      chain: [],
      certificate: undefined,
      refusal: undefined,
    };
    this.#useKeys(outcome);
    this.#sayFinished(master);
  }

  #exchangeKeys(): void {
    const { host, peer, terms, messageSequence, certificate } = this.#start;
    const { settings, counters } = host;
    const { keyExchange } = this.#suite;
    const randoms = this.#randoms;
    const say = (type: number, body: Uint8Array): void => this.#say(type, body);
    const ephemeral = sayServerKeyExchange({ terms, randoms, certificate, say });
    this.#clientFlight = createClientFlight({
      keyExchange,
      firstSequence: messageSequence + 1,
      transcript: this.#transcript,
      randoms,
      extendedMasterSecret: terms.extendedMasterSecret,
      ephemeral,
      randomBytes: settings.randomBytes,
      findPsk: async (identity) => settings.findPsk?.(identity, peer),
      onOutcome: (outcome) => {
        if (isWaiting(this.#state)) this.#useKeys(outcome);
      },
      onKeyExchange: () => host.onStanding('key-exchange'),
      onMalformed: () => host.drop('malformed'),
      onThrown: (error) => host.onThrown(error),
      onLookupFailed: () => {
        counters.lookupFailures++;
      },
    });
  }

  /** The client's flight is complete, or, with `undefined`, no longer complete. */
  #useKeys(outcome: ClientFlightOutcome<P> | undefined): void {
    this.#enter(outcome ? { name: 'waiting-for-finished', outcome } : { name: 'waiting-for-client-flight' });
    const agreed = outcome?.agreed ?? [];
    this.#candidates = agreed.map((secret) => ({ secret, records: this.#recordsOf(secret.master) }));
    if (!outcome) return;
    for (const record of this.#held.release()) this.#openHeld(record);
  }

  #openHeld(record: DtlsRecord): void {
    const { host } = this.#start;
    // The client repeated its Finished while its key was looked up: the first Finished has ended the handshake.
    if (this.#state.name === 'over') return host.drop('unexpected');
    const opened = this.open(record);
    if (opened === 'taken') return;
    this.doubt();
    host.drop(opened);
  }

  #recordsOf(master: Uint8Array): SecureRecords {
    const { host, terms } = this.#start;
    return agreedRecords({
      side: 'server',
      suite: this.#suite,
      master,
      randoms: this.#randoms,
      encryptThenMac: terms.encryptThenMac,
      randomBytes: host.settings.randomBytes,
      readConnectionId: this.connectionId,
      writeConnectionId: terms.clientConnectionId ?? Buffer.alloc(0),
    });
  }

  #takeOpened({ type, bytes }: OpenedRecord, candidate: KeyCandidate<P>): void {
    const state = this.#state;
    if (type === contentType.alert && readAlert(bytes)) this.#fail('peer-alert');
    else if (type === contentType.handshake && state.name === 'waiting-for-finished')
      this.#takeFinished(bytes, candidate, state.outcome);
    // Data that overtook the Finished is lost, as datagrams may be.
    else this.#start.host.drop('unexpected');
  }

  #takeFinished(bytes: Buffer, candidate: KeyCandidate<P>, outcome: ClientFlightOutcome<P>): void {
    const { host, session } = this.#start;
    const said = session ? this.#transcript : outcome.transcript;
    const finished = readFinished(bytes, candidate.secret.master, said);
    if (finished === 'not-finished') return host.drop('unexpected');
    // The Finished proves that all messages so far are the client's own, and so are its faults.
    if (finished === 'wrong') return this.#fail('bad-finished', 'decryptError');
    this.#transcript = [...said, finished];
    const { refusal, certificate } = outcome;
    if (refusal) this.#fail(refusal.failure, refusal.alert);
    // With a certificate alone, the secret has no principal.
    else if (certificate === undefined) this.#establish(candidate, candidate.secret.principal);
    else
      this.#verifyCertificate(certificate, outcome, candidate).catch((error: unknown) =>
        host.onThrown(error),
      );
  }

  async #verifyCertificate(
    certificate: X509Certificate,
    outcome: ClientFlightOutcome<P>,
    candidate: KeyCandidate<P>,
  ): Promise<void> {
    const { host, peer, terms } = this.#start;
    const { settings, counters } = host;
    const verifying: HandshakeState<P> = { name: 'verifying-certificate' };
    this.#enter(verifying);
    let principal: P | undefined;
    try {
      principal = await settings.verifyCertificate?.(outcome.chain, peer, terms.serverName, certificate);
    } catch {
      counters.lookupFailures++;
      this.suspicion = 'certificate-unchecked';
      // Treated as if the Finished had not come: the client will send it again, and gets no answer until then.
      if (this.#state === verifying) this.#enter({ name: 'waiting-for-finished', outcome });
      return;
    }
    if (this.#state !== verifying) return;
    if (principal === undefined) this.#fail('certificate-refused', 'certificateUnknown');
    else this.#establish(candidate, principal);
  }

  #establish({ records, secret: { master } }: KeyCandidate<P>, principal: P | undefined): void {
    // Without a principal the key was random: no client can know it.
    if (principal === undefined) return;
    const { host, terms, session } = this.#start;
    const sessionId = this.#sessionId;
    let finalFlight: FinalFlight | undefined;
    if (!session) {
      finalFlight = this.#sayFinalFlight(master, records);
      const { cipherSuite, serverName } = terms;
      if (sessionId.length > 0)
        host.sessions.put({ id: sessionId, master, cipherSuite, serverName, principal });
    }
    this.#enter({ name: 'over' });
    const isResumed = session !== undefined;
    host.onEstablished({ records, principal, terms, isResumed, sessionId, finalFlight });
  }

  #fail(failure: HandshakeFailure, alert?: AlertName): void {
    if (this.#state.name === 'over') return;
    this.#enter({ name: 'over' });
    const { host } = this.#start;
    if (alert) host.send(this.#alertRecord(alertMessage('fatal', alert)));
    host.onFailed(failure);
  }

  #alertRecord(message: Buffer): Buffer {
    // Only a client that got our ChangeCipherSpec can read protected records.
    const readable = this.#flight.hasFinished ? this.#candidates[0]?.records : undefined;
    return (
      readable?.seal(contentType.alert, message) ??
      plainRecord(contentType.alert, this.#flight.nextPlainSequence, message)
    );
  }

  /** Adds a message to the flight and to the transcript. */
  #say(type: number, body: Uint8Array): void {
    this.#transcript = [...this.#transcript, this.#flight.say(type, body)];
  }

  #sayFinished(master: Uint8Array): void {
    const data = finishedData(master, 'server', this.#transcript);
    this.#transcript = [...this.#transcript, this.#flight.sayFinished(data)];
  }

  /** Flight 6. */
  #sayFinalFlight(master: Uint8Array, records: SecureRecords): FinalFlight {
    this.#flight.clear();
    this.#sayFinished(master);
    this.#flight.transmit(records);
    return this.#flight.keep();
  }

  #transmit(): void {
    this.#flight.transmit(this.#candidates[0]?.records);
  }

  #retransmit(): void {
    this.#start.host.counters.retransmissions++;
    this.#transmit();
  }
}
