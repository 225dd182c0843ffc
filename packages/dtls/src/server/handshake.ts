import { cipherSuites } from '../crypto/cipher-suite.ts';
import { createEphemeralKey } from '../crypto/ecdhe.ts';
import { connectionKeys, finishedData, isFinished } from '../crypto/key-schedule.ts';
import { SecureRecords, type Unopened } from '../crypto/secure-records.ts';
import { alertMessage, readAlert, type AlertName } from '../wire/alert.ts';
import type { ClientHello } from '../wire/client-hello.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage, readFragments, type HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { ownCopy } from '../wire/own-copy.ts';
import type { DtlsRecord } from '../wire/read-records.ts';
import { plainRecord } from '../wire/record.ts';
import { createClientFlight, type ClientFlight, type ClientFlightOutcome } from './client-flight.ts';
import type { DropReason, DtlsCounters, HandshakeFailure } from './counters.ts';
import { changeCipherSpec, sendFlight, type FlightItem } from './flight.ts';
import type { Terms } from './negotiate.ts';
import type { Peer } from './peer.ts';
import {
  certificateList,
  certificateRequest,
  pskServerKeyExchange,
  serverHello,
  signedServerKeyExchange,
} from './server-messages.ts';
import type { Session, SessionCache } from './session-cache.ts';
import type { Settings } from './settings.ts';

/** What a handshake is given by the server that runs it. */
export interface HandshakeHost<P> {
  readonly settings: Settings<P>;
  readonly sessions: SessionCache<P>;
  readonly counters: DtlsCounters;
  send(datagram: Buffer): void;
  onEstablished(established: Established<P>): void;
  onFailed(failure: HandshakeFailure): void;
}

/** What comes of a handshake. */
export interface Established<P> {
  readonly records: SecureRecords;
  readonly principal: P;
  readonly terms: Terms;
  readonly isResumed: boolean;
  readonly sessionId: Buffer;
  /** To be sent again when the client repeats its own last flight; absent where the client's was the last one. */
  readonly finalFlight: FinalFlight | undefined;
}

export interface FinalFlight {
  readonly items: readonly FlightItem[];
  nextPlainSequence: number;
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
  /** Where an earlier one is resumed. */
  readonly session: Session<P> | undefined;
  readonly connectionId: Buffer;
}

export interface Handshake {
  /** What the client puts into its records, maybe empty. */
  readonly connectionId: Buffer;
  /** The keys are known: protected records can be told from others. */
  readonly hasKeys: boolean;
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

const sessionIdBytes = 32;
const maxHeldRecords = 4;
const maxHeldBytes = 512;
const maxTransmissions = 10;
const longestRetransmitMs = 60_000;
/** Repetitions that come faster are the network's. */
const shortestRepeatMs = 100;

export function startHandshake<P>(start: HandshakeStart<P>): Handshake {
  const { host, peer, hello, terms, session, connectionId } = start;
  const { settings, counters } = host;
  const suite = cipherSuites[terms.cipherSuite];
  const random = Buffer.from(settings.randomBytes(32));
  const randoms = { client: hello.random, server: random };
  const sessionId = session?.id ?? newSessionId();

  let transcript: readonly Buffer[] = [start.helloMessage];
  let flight: FlightItem[] = [];
  let nextMessage = start.messageSequence;
  let nextPlainSequence = start.recordSequence;
  let transmissions = 0;
  let transmittedAt = 0;
  let retransmitMs = settings.retransmitMs;
  let records: SecureRecords | undefined;
  let outcome: ClientFlightOutcome<P> | undefined;
  let clientFlight: ClientFlight | undefined;
  let held: DtlsRecord[] = [];
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
    transmit();
  }

  function resume({ master, principal }: Session<P>): void {
    useKeys({ master, transcript, principal, chain: [], refusal: undefined });
    finish();
  }

  function exchangeKeys(): void {
    const ephemeral = suite.keyExchange === 'psk' ? undefined : createEphemeralKey();
    if (ephemeral && suite.keyExchange === 'ecdhe_psk')
      say(handshakeType.serverKeyExchange, pskServerKeyExchange(ephemeral.parameters));
    if (ephemeral && suite.keyExchange === 'ecdhe_ecdsa' && settings.certificate) {
      const { chain, key } = settings.certificate;
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
      onMalformed: () => drop('malformed'),
      onLookupFailed: () => {
        counters.lookupFailures++;
      },
    });
  }

  /** Adds a message to the flight, and to what both sides will have said. */
  function say(type: number, body: Uint8Array, isProtected = false): void {
    const message = handshakeMessage(type, nextMessage++, body);
    transcript = [...transcript, message];
    flight.push({ type: contentType.handshake, body: message, isProtected });
  }

  function finish(): void {
    if (!outcome) return;
    flight.push(changeCipherSpec);
    say(handshakeType.finished, finishedData(outcome.master, 'server', transcript), true);
  }

  function useKeys(next: ClientFlightOutcome<P> | undefined): void {
    outcome = next;
    records = undefined;
    if (!next) return;
    const { encryptThenMac, clientConnectionId = Buffer.alloc(0) } = terms;
    const { client, server } = connectionKeys({
      suite,
      master: next.master,
      randoms,
      encryptThenMac,
      randomBytes: settings.randomBytes,
    });
    records = new SecureRecords({
      read: client,
      write: server,
      readConnectionId: connectionId,
      writeConnectionId: clientConnectionId,
    });
    const waiting = held;
    held = [];
    for (const record of waiting) {
      const opened = open(record);
      if (opened !== 'taken') drop(opened);
    }
  }

  function open(record: DtlsRecord): 'taken' | Unopened {
    if (!records || phase === 'over') return 'not-authentic';
    const opened = records.open(record);
    if (typeof opened === 'string') return opened;
    if (opened.type === contentType.alert && readAlert(opened.bytes)) fail('peer-alert');
    else if (opened.type === contentType.handshake && phase === 'flights') takeFinished(opened.bytes);
    // Data that overtook the Finished is lost, as datagrams may be.
    else drop('unexpected');
    return 'taken';
  }

  function takeFinished(bytes: Buffer): void {
    if (!outcome) return;
    const [message] = readFragments(bytes);
    if (message?.type !== handshakeType.finished || message.bytes.length !== message.length) {
      drop('unexpected');
      return;
    }
    // From here on all that was said is the client's own, and so are its faults.
    const said = session ? transcript : outcome.transcript;
    if (!isFinished(message.bytes, outcome.master, 'client', said)) {
      fail('bad-finished', 'decryptError');
      return;
    }
    transcript = [...said, handshakeMessage(message.type, message.sequence, message.bytes)];
    const { refusal, principal, chain } = outcome;
    if (refusal) fail(refusal.failure, refusal.alert);
    else if (suite.keyExchange !== 'ecdhe_ecdsa' || session) establish(principal);
    else void verifyCertificate(chain);
  }

  async function verifyCertificate(chain: readonly Buffer[]): Promise<void> {
    phase = 'verifying';
    let principal: P | undefined;
    try {
      principal = await settings.verifyCertificate?.(chain, peer);
    } catch {
      fail('certificate-unchecked', 'internalError');
      return;
    }
    if (phase !== 'verifying') return;
    if (principal === undefined) fail('certificate-refused', 'certificateUnknown');
    else establish(principal);
  }

  function establish(principal: P | undefined): void {
    // Without a principal there was no key that anybody could have known.
    if (!records || !outcome || principal === undefined) return;
    let finalFlight: FinalFlight | undefined;
    if (!session) {
      flight = [];
      finish();
      transmit();
      finalFlight = {
        items: flight.map((item) => ({ ...item, body: ownCopy(item.body) })),
        nextPlainSequence,
      };
      if (sessionId.length > 0)
        host.sessions.put({
          id: sessionId,
          master: outcome.master,
          cipherSuite: terms.cipherSuite,
          principal,
        });
    }
    phase = 'over';
    const isResumed = session !== undefined;
    host.onEstablished({ records, principal, terms, isResumed, sessionId, finalFlight });
  }

  function transmit(): void {
    transmissions++;
    transmittedAt = settings.clock.monotonic();
    const { maxDatagramBytes } = settings;
    nextPlainSequence = sendFlight(flight, { records, nextPlainSequence, maxDatagramBytes, send: host.send });
  }

  function retransmit(): void {
    if (phase !== 'flights' || transmissions >= maxTransmissions) return;
    counters.retransmissions++;
    transmit();
  }

  function fail(failure: HandshakeFailure, alert?: AlertName): void {
    if (phase === 'over') return;
    phase = 'over';
    if (alert) {
      const message = alertMessage('fatal', alert);
      // Only who has got our ChangeCipherSpec can read what is protected.
      const readable = flight.some(({ isProtected }) => isProtected) ? records : undefined;
      host.send(
        readable?.seal(contentType.alert, message) ??
          plainRecord(contentType.alert, nextPlainSequence, message),
      );
    }
    host.onFailed(failure);
  }

  function drop(reason: DropReason): void {
    counters.dropped[reason]++;
  }

  return {
    connectionId,
    get hasKeys() {
      return records !== undefined;
    },
    repeat() {
      if (settings.clock.monotonic() - transmittedAt >= shortestRepeatMs) retransmit();
    },
    add(fragment) {
      if (phase === 'flights' && clientFlight) clientFlight.add(fragment);
      else drop('unexpected');
    },
    open,
    hold(record) {
      // A copy, since the datagram belongs to the socket.
      if (record.fragment.length > maxHeldBytes) return drop('unexpected');
      if (held.length === maxHeldRecords) held.shift();
      held.push({ ...record, fragment: Buffer.from(record.fragment) });
    },
    tick(now) {
      if (now - transmittedAt < retransmitMs) return;
      retransmitMs = Math.min(2 * retransmitMs, longestRetransmitMs);
      retransmit();
    },
    abandon() {
      phase = 'over';
    },
  };
}
