import { randomBytes as systemRandomBytes, sign, type KeyObject, type X509Certificate } from 'node:crypto';
import { agreedRecords } from '../crypto/agreed-records.ts';
import { cipherSuites } from '../crypto/cipher-suite.ts';
import { createEphemeralKey } from '../crypto/ecdhe.ts';
import {
  extendedMasterSecret,
  finishedData,
  isFinished,
  masterSecret,
  pskPremaster,
} from '../crypto/key-schedule.ts';
import type { SecureRecords } from '../crypto/secure-records.ts';
import { changeCipherSpec, sendFlight, type FlightItem } from '../server/flight.ts';
import { certificateList } from '../server/server-messages.ts';
import { alertMessage, readAlert } from '../wire/alert.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage, readFragments } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { createMessageCollector, type MessageCollector } from '../wire/message-collector.ts';
import { readRecords, type DtlsRecord } from '../wire/read-records.ts';
import { ecdsaSha256 } from '../wire/signature-scheme.ts';
import { uint16, vector16 } from '../wire/vectors.ts';
import { clientHelloMessage } from './client-hello-message.ts';
import type { ClientCloseReason, ClientSession, DtlsClientOptions } from './client-options.ts';
import {
  readServerCertificate,
  readServerHello,
  readServerKeyExchange,
  type ServerHello,
} from './read-server-messages.ts';

/** A DTLS 1.2 client for tests and benches: it believes any certificate, and whatever it says may be tampered with. */
export interface DtlsClient {
  connect(): void;
  receive(datagram: Uint8Array): void;
  /** One record of application data. */
  send(bytes: Uint8Array): void;
  /** A protected record of any type. */
  seal(type: number, bytes: Uint8Array): Buffer;
  /** Says close_notify. */
  close(): void;
  /** Leaves without a word. */
  vanish(): void;
  readonly isOpen: boolean;
  /** Why the server complained. */
  readonly alert: number | undefined;
  readonly session: ClientSession | undefined;
  readonly isResumed: boolean;
  /** What the server wants to see in our records. */
  readonly serverConnectionId: Buffer;
}

const longestRetransmitMs = 60_000;
const maxTransmissions = 12;
const maxServerMessages = 8;
const maxHeldRecords = 8;

export function createDtlsClient(options: DtlsClientOptions): DtlsClient {
  const { clock, psk, certificate, tamper, connectionId = Buffer.alloc(0) } = options;
  const { randomBytes = systemRandomBytes, maxDatagramBytes = 1_232 } = options;
  const random = Buffer.from(randomBytes(32));
  let phase: 'connecting' | 'open' | 'closed' = 'connecting';
  let transcript: Buffer[] = [];
  let flight: FlightItem[] = [];
  let nextMessage = 0;
  let nextPlainSequence = 0;
  let helloSequence = 0;
  let retransmitMs = options.retransmitMs ?? 1_000;
  let transmissions = 0;
  let disarm = (): void => {};
  let collector: MessageCollector = collect(0);
  let due = 0;
  let hello: ServerHello | undefined;
  let serverCertificate: X509Certificate | undefined;
  let serverPoint: Buffer | undefined;
  let isAskedForCertificate = false;
  let master: KeyObject | undefined;
  let records: SecureRecords | undefined;
  let held: DtlsRecord[] = [];
  let isResumed = false;
  let alert: number | undefined;

  function collect(firstSequence: number): MessageCollector {
    return createMessageCollector({
      firstSequence,
      maxBytes: Array.from({ length: maxServerMessages }, () => 16_384),
    });
  }

  function say(type: number, body: Buffer, isProtected = false): void {
    const message = handshakeMessage(type, nextMessage++, tamper?.message?.(type, body) ?? body);
    transcript.push(message);
    const fragments = isProtected ? [message] : (tamper?.fragments?.([message]) ?? [message]);
    for (const fragment of fragments)
      flight.push({ type: contentType.handshake, body: fragment, isProtected });
  }

  function sayHello(cookie: Uint8Array): void {
    flight = [];
    transcript = [];
    helloSequence = nextMessage;
    due = helloSequence;
    collector = collect(helloSequence);
    say(handshakeType.clientHello, clientHelloMessage(options, random, cookie));
    transmit();
  }

  function transmit(): void {
    disarm();
    transmissions++;
    nextPlainSequence = sendFlight(flight, {
      records,
      nextPlainSequence,
      maxDatagramBytes,
      send: (datagram) => options.send(datagram),
    });
    if (phase !== 'connecting' || transmissions >= maxTransmissions) return;
    disarm = clock.at(clock.monotonic() + retransmitMs, transmit);
    retransmitMs = Math.min(2 * retransmitMs, longestRetransmitMs);
  }

  function takePlain({ type, fragment }: DtlsRecord): void {
    if (type === contentType.alert && phase === 'connecting' && readAlert(fragment) === 'fatal') {
      alert = fragment[1];
      end('alert');
    }
    if (type !== contentType.handshake || phase !== 'connecting') return;
    for (const each of readFragments(fragment))
      if (each?.type === handshakeType.helloVerifyRequest) {
        const isAnswer = each.sequence === helloSequence && hello === undefined;
        if (isAnswer) sayHello(new ByteReader(each.bytes.subarray(2)).vector8());
      } else if (each) collector.add(each);
    advance();
  }

  function advance(): void {
    for (let message = collector.get(due); message !== undefined; message = collector.get(due)) {
      transcript.push(handshakeMessage(message.type, due, message.body));
      due++;
      take(message.type, message.body);
    }
  }

  function take(type: number, body: Buffer): void {
    if (type === handshakeType.serverHello) {
      hello = readServerHello(body);
      isResumed = hello.sessionId.length > 0 && options.session?.id.equals(hello.sessionId) === true;
      if (isResumed && options.session) useMaster(options.session.master);
    } else if (type === handshakeType.certificate) serverCertificate = readServerCertificate(body);
    else if (type === handshakeType.serverKeyExchange && hello) {
      const randoms = Buffer.concat([random, hello.random]);
      serverPoint = readServerKeyExchange(body, serverCertificate, randoms);
      if (!serverPoint) end('server-not-authentic');
    } else if (type === handshakeType.certificateRequest) isAskedForCertificate = true;
    else if (type === handshakeType.serverHelloDone && phase === 'connecting') answer();
  }

  function answer(): void {
    if (!hello) return;
    flight = [];
    const { keyExchange } = cipherSuites[hello.cipherSuite];
    if (isAskedForCertificate) say(handshakeType.certificate, certificateList(certificate?.chain ?? []));
    const ephemeral = serverPoint && createEphemeralKey();
    const shared = serverPoint && ephemeral?.agree(serverPoint);
    const identity = keyExchange === 'ecdhe_ecdsa' ? [] : [vector16(psk?.identity ?? Buffer.alloc(0))];
    say(
      handshakeType.clientKeyExchange,
      Buffer.concat([...identity, ...(ephemeral ? [ephemeral.point] : [])]),
    );
    const secret = psk?.secret ?? Buffer.alloc(0);
    const premaster = keyExchange === 'ecdhe_ecdsa' && shared ? shared : pskPremaster(secret, shared);
    const randoms = { client: random, server: hello.random };
    const derived = hello.extendedMasterSecret
      ? extendedMasterSecret(premaster, transcript)
      : masterSecret(premaster, randoms);
    if (isAskedForCertificate && certificate && certificate.chain.length > 0) {
      const signature = sign('sha256', Buffer.concat(transcript), certificate.key);
      say(handshakeType.certificateVerify, Buffer.concat([uint16(ecdsaSha256), vector16(signature)]));
    }
    useMaster(derived);
    sayFinished();
  }

  function sayFinished(): void {
    if (!master) return;
    flight.push(changeCipherSpec);
    say(handshakeType.finished, finishedData(master, 'client', transcript), true);
    transmissions = 0;
    retransmitMs = options.retransmitMs ?? 1_000;
    transmit();
  }

  function useMaster(derived: KeyObject): void {
    if (!hello) return;
    master = derived;
    records = agreedRecords({
      side: 'client',
      suite: cipherSuites[hello.cipherSuite],
      master,
      randoms: { client: random, server: hello.random },
      encryptThenMac: hello.encryptThenMac,
      randomBytes,
      readConnectionId: hello.connectionId ? connectionId : Buffer.alloc(0),
      writeConnectionId: hello.connectionId ?? Buffer.alloc(0),
    });
    const waiting = held;
    held = [];
    for (const record of waiting) takeProtected(record);
  }

  function takeProtected(record: DtlsRecord): void {
    if (!records) {
      if (held.length < maxHeldRecords) held.push({ ...record, fragment: Buffer.from(record.fragment) });
      return;
    }
    const opened = records.open(record);
    if (typeof opened === 'string') return;
    const { type, bytes } = opened;
    if (type === contentType.applicationData) options.onMessage?.(bytes);
    else if (type === contentType.alert) takeAlert(bytes);
    else if (type === contentType.handshake && bytes[0] === handshakeType.finished)
      takeFinished(bytes.subarray(12));
  }

  function takeAlert(bytes: Buffer): void {
    const meaning = readAlert(bytes);
    if (meaning === undefined) return;
    alert = bytes[1];
    end(meaning === 'fatal' ? 'alert' : 'close-notify');
  }

  function takeFinished(bytes: Buffer): void {
    if (!master) return;
    if (phase === 'open') {
      // The server missed our last flight: ours is the last one where a session is resumed.
      if (isResumed) transmit();
      return;
    }
    if (phase === 'closed') return;
    if (!isFinished(bytes, master, 'server', transcript)) {
      end('server-not-authentic');
      return;
    }
    if (isResumed) {
      transcript.push(handshakeMessage(handshakeType.finished, due, bytes));
      flight = [];
      sayFinished();
    }
    disarm();
    phase = 'open';
    options.onOpen?.();
  }

  function end(reason: ClientCloseReason): void {
    if (phase === 'closed') return;
    disarm();
    phase = 'closed';
    options.onClose?.(reason);
  }

  function seal(type: number, bytes: Uint8Array): Buffer {
    if (!records) throw new Error('there are no keys yet');
    return records.seal(type, bytes);
  }

  return {
    connect: () => sayHello(Buffer.alloc(0)),
    receive(datagram) {
      const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
      for (const record of readRecords(bytes, connectionId.length))
        if (record && phase !== 'closed') {
          if (record.epoch === 0) takePlain(record);
          else takeProtected(record);
        }
    },
    send: (bytes) => options.send(seal(contentType.applicationData, bytes)),
    seal,
    close() {
      if (phase === 'open') options.send(seal(contentType.alert, alertMessage('warning', 'closeNotify')));
      end('closed');
    },
    vanish() {
      disarm();
      phase = 'closed';
    },
    get isOpen() {
      return phase === 'open';
    },
    get alert() {
      return alert;
    },
    get session() {
      return hello && master && hello.sessionId.length > 0
        ? { id: hello.sessionId, master, cipherSuite: hello.cipherSuite }
        : undefined;
    },
    get isResumed() {
      return isResumed;
    },
    get serverConnectionId() {
      return hello?.connectionId ?? Buffer.alloc(0);
    },
  };
}
