import type { KeyObject } from 'node:crypto';
import { agreedRecords } from '../crypto/agreed-records.ts';
import { cipherSuites } from '../crypto/cipher-suite.ts';
import { createEphemeralKey } from '../crypto/ecdhe.ts';
import { finishedData, isFinished } from '../crypto/key-schedule.ts';
import type { OpenedRecord, SecureRecords, Unopened } from '../crypto/secure-records.ts';
import { alertMessage, readAlert, type AlertName } from '../wire/alert.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage, readFragments, type HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { ownCopy } from '../wire/own-copy.ts';
import type { DtlsRecord } from '../wire/read-records.ts';
import { plainRecord } from '../wire/record.ts';
import {
  createClientFlight,
  type AgreedSecret,
  type ClientFlight,
  type ClientFlightOutcome,
} from './client-flight.ts';
import type { HandshakeFailure } from './counters.ts';
import type { HandshakeStart } from './handshake-start.ts';
import { createOutgoingFlight, type FinalFlight } from './outgoing-flight.ts';
import {
  certificateList,
  certificateRequest,
  pskServerKeyExchange,
  serverHello,
  signedServerKeyExchange,
} from './server-messages.ts';
import type { Session } from './session-cache.ts';

export interface Handshake {
  /** What the client puts into its records, maybe empty. */
  readonly connectionId: Buffer;
  /** The keys are known: protected records can be told from others. */
  readonly hasKeys: boolean;
  /** Why it will come to nothing, should it come to nothing, as far as anybody can tell. */
  readonly suspicion: HandshakeFailure | undefined;
  /** A record came that its keys do not open, and nobody else's do. */
  doubt(): void;
  /** The ClientHello came once more. */
  repeat(): void;
  add(fragment: HandshakeFragment): void;
  /** A record of the second epoch. */
  open(record: DtlsRecord): 'taken' | Unopened;
  /** Keeps such a record until there are keys. */
  hold(record: DtlsRecord): void;
  /** Sends a flight again if that is due. */
  tick(now: number): void;
  /** Nothing that is still under way has any effect. */
  abandon(): void;
}

interface Candidate<P> {
  readonly secret: AgreedSecret<P>;
  readonly records: SecureRecords;
}

const sessionIdBytes = 32;
const maxHeldRecords = 4;
const maxHeldBytes = 512;
/** Records that the keys do not open: each may be a guess. Then the client has to begin anew. */
const maxDoubts = 16;

export function startHandshake<P>(start: HandshakeStart<P>): Handshake {
  const { host, peer, hello, terms, session, connectionId } = start;
  const { settings, counters } = host;
  const suite = cipherSuites[terms.cipherSuite];
  const random = Buffer.from(settings.randomBytes(32));
  const randoms = { client: hello.random, server: random };
  const sessionId = session?.id ?? newSessionId();

  const flight = createOutgoingFlight({
    clock: settings.clock,
    maxDatagramBytes: settings.maxDatagramBytes,
    retransmitMs: settings.retransmitMs,
    messageSequence: start.messageSequence,
    recordSequence: start.recordSequence,
    send: host.send,
  });

  let transcript: readonly Buffer[] = [start.helloMessage];
  /** What may have been agreed on. The first authentic record leaves one. */
  let candidates: readonly Candidate<P>[] = [];
  let outcome: ClientFlightOutcome<P> | undefined;
  let clientFlight: ClientFlight | undefined;
  let held: DtlsRecord[] = [];
  let suspicion: HandshakeFailure | undefined;
  let doubts = 0;
  let phase: 'flights' | 'verifying' | 'over' = 'flights';

  begin();

  function newSessionId(): Buffer {
    // A session without RFC 7627 could be resumed by somebody in the middle: it is not kept.
    const keep = terms.extendedMasterSecret && settings.limits.maxSessions > 0;
    return keep ? ownCopy(settings.randomBytes(sessionIdBytes)) : Buffer.alloc(0);
  }

  function begin(): void {
    say(handshakeType.serverHello, serverHello({ random, sessionId, terms, connectionId }));
    if (session) resume(session);
    else exchangeKeys();
    flight.transmit(candidates[0]?.records);
  }

  function resume({ master, principal }: Session<P>): void {
    useKeys({ agreed: [{ master, principal }], transcript, chain: [], refusal: undefined });
    finish(master);
  }

  function exchangeKeys(): void {
    const ephemeral = suite.keyExchange === 'psk' ? undefined : createEphemeralKey();
    if (ephemeral && suite.keyExchange === 'ecdhe_psk')
      say(handshakeType.serverKeyExchange, pskServerKeyExchange(ephemeral.parameters));
    if (ephemeral && suite.keyExchange === 'ecdhe_ecdsa' && settings.certificate) {
      const { certificate } = settings;
      const { chain, key } = typeof certificate === 'function' ? certificate() : certificate;
      say(handshakeType.certificate, certificateList(chain));
      say(handshakeType.serverKeyExchange, signedServerKeyExchange(ephemeral.parameters, randoms, key));
      say(handshakeType.certificateRequest, certificateRequest());
    }
    say(handshakeType.serverHelloDone, Buffer.alloc(0));
    clientFlight = createClientFlight({
      keyExchange: suite.keyExchange,
      firstSequence: start.messageSequence + 1,
      transcript,
      randoms,
      extendedMasterSecret: terms.extendedMasterSecret,
      ephemeral,
      randomBytes: settings.randomBytes,
      findPsk: async (identity) => settings.findPsk?.(identity, peer),
      onOutcome: (next) => {
        if (phase === 'flights') useKeys(next);
      },
      onKeyExchange: () => host.onStanding('key-exchange'),
      onMalformed: () => host.drop('malformed'),
      onThrown: (error) => host.onThrown(error),
      onLookupFailed: () => {
        counters.lookupFailures++;
      },
    });
  }

  /** Adds a message to the flight, and to what both sides will have said. */
  function say(type: number, body: Uint8Array): void {
    transcript = [...transcript, flight.say(type, body)];
  }

  function finish(master: KeyObject): void {
    transcript = [...transcript, flight.sayFinished(finishedData(master, 'server', transcript))];
  }

  function useKeys(next: ClientFlightOutcome<P> | undefined): void {
    outcome = next;
    candidates = (next?.agreed ?? []).map((secret) => ({ secret, records: recordsOf(secret.master) }));
    if (!next) return;
    const waiting = held;
    held = [];
    for (const record of waiting) {
      const opened = open(record);
      if (opened === 'taken') continue;
      doubt();
      host.drop(opened);
    }
  }

  function recordsOf(master: KeyObject): SecureRecords {
    return agreedRecords({
      side: 'server',
      suite,
      master,
      randoms,
      encryptThenMac: terms.encryptThenMac,
      randomBytes: settings.randomBytes,
      readConnectionId: connectionId,
      writeConnectionId: terms.clientConnectionId ?? Buffer.alloc(0),
    });
  }

  function doubt(): void {
    const isKnown = candidates.some(({ secret }) => secret.principal !== undefined);
    if (isKnown && suspicion === undefined) host.onKeysDiffer();
    if (isKnown) suspicion = 'keys-differ';
    host.onStanding('failed');
    if (++doubts === maxDoubts) fail('timeout');
  }

  function open(record: DtlsRecord): 'taken' | Unopened {
    if (phase === 'over') return 'not-authentic';
    for (const candidate of candidates) {
      const opened = candidate.records.open(record);
      if (opened === 'not-authentic') continue;
      if (typeof opened === 'string') return opened;
      candidates = [candidate];
      takeOpened(opened, candidate);
      return 'taken';
    }
    return 'not-authentic';
  }

  function takeOpened({ type, bytes }: OpenedRecord, candidate: Candidate<P>): void {
    if (type === contentType.alert && readAlert(bytes)) fail('peer-alert');
    else if (type === contentType.handshake && phase === 'flights') takeFinished(bytes, candidate);
    // Data that overtook the Finished is lost, as datagrams may be.
    else host.drop('unexpected');
  }

  function takeFinished(bytes: Buffer, candidate: Candidate<P>): void {
    if (!outcome) return;
    const [message] = readFragments(bytes);
    if (message?.type !== handshakeType.finished || message.bytes.length !== message.length) {
      host.drop('unexpected');
      return;
    }
    // From here on all that was said is the client's own, and so are its faults.
    const said = session ? transcript : outcome.transcript;
    if (!isFinished(message.bytes, candidate.secret.master, 'client', said)) {
      fail('bad-finished', 'decryptError');
      return;
    }
    transcript = [...said, handshakeMessage(message.type, message.sequence, message.bytes)];
    const { refusal, chain } = outcome;
    if (refusal) fail(refusal.failure, refusal.alert);
    else if (suite.keyExchange !== 'ecdhe_ecdsa' || session) establish(candidate, candidate.secret.principal);
    else verifyCertificate(chain, candidate).catch((error: unknown) => host.onThrown(error));
  }

  async function verifyCertificate(chain: readonly Buffer[], candidate: Candidate<P>): Promise<void> {
    phase = 'verifying';
    let principal: P | undefined;
    try {
      principal = await settings.verifyCertificate?.(chain, peer);
    } catch {
      counters.lookupFailures++;
      suspicion = 'certificate-unchecked';
      // As if the Finished had not come: it will come again, and until then nobody learns anything.
      if (phase === 'verifying') phase = 'flights';
      return;
    }
    if (phase !== 'verifying') return;
    if (principal === undefined) fail('certificate-refused', 'certificateUnknown');
    else establish(candidate, principal);
  }

  function establish({ records, secret: { master } }: Candidate<P>, principal: P | undefined): void {
    // Without a principal there was no key that anybody could have known.
    if (principal === undefined) return;
    let finalFlight: FinalFlight | undefined;
    if (!session) {
      flight.clear();
      finish(master);
      flight.transmit(records);
      finalFlight = flight.keep();
      if (sessionId.length > 0)
        host.sessions.put({ id: sessionId, master, cipherSuite: terms.cipherSuite, principal });
    }
    phase = 'over';
    const isResumed = session !== undefined;
    host.onEstablished({ records, principal, terms, isResumed, sessionId, finalFlight });
  }

  function repeat(): void {
    counters.retransmissions++;
    flight.transmit(candidates[0]?.records);
  }

  function fail(failure: HandshakeFailure, alert?: AlertName): void {
    if (phase === 'over') return;
    phase = 'over';
    if (alert) {
      const message = alertMessage('fatal', alert);
      // Only who has got our ChangeCipherSpec can read what is protected.
      const readable = flight.hasFinished ? candidates[0]?.records : undefined;
      host.send(
        readable?.seal(contentType.alert, message) ??
          plainRecord(contentType.alert, flight.nextPlainSequence, message),
      );
    }
    host.onFailed(failure);
  }

  return {
    connectionId,
    get hasKeys() {
      return candidates.length > 0;
    },
    get suspicion() {
      return suspicion;
    },
    doubt,
    repeat() {
      if (phase === 'flights' && flight.mayRepeat()) repeat();
    },
    add(fragment) {
      if (phase === 'flights' && clientFlight) clientFlight.add(fragment);
      else host.drop('unexpected');
    },
    open,
    hold(record) {
      // A copy, since the datagram belongs to the socket.
      if (record.fragment.length > maxHeldBytes) return host.drop('unexpected');
      if (held.length === maxHeldRecords) held.shift();
      held.push({ ...record, fragment: Buffer.from(record.fragment) });
    },
    tick(now) {
      if (phase === 'flights' && flight.isDue(now)) repeat();
    },
    abandon() {
      phase = 'over';
    },
  };
}
