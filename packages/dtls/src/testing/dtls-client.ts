import { randomBytes as systemRandomBytes, type X509Certificate } from 'node:crypto';
import { agreedRecords } from '../crypto/agreed-records.ts';
import { cipherSuites } from '../crypto/cipher-suite.ts';
import type { CurvePoint } from '../crypto/ecdhe.ts';
import { extendedMasterSecret, finishedData, isFinished, masterSecret } from '../crypto/key-schedule.ts';
import type { SecureRecords } from '../crypto/secure-records.ts';
import { certificateList } from '../server/server-messages.ts';
import { alertMessage, readAlert } from '../wire/alert.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage, readFragments } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { createMessageCollector, type MessageCollector } from '../wire/message-collector.ts';
import { readRecords, type DtlsRecord } from '../wire/read-records.ts';
import { answerKeyExchange, certificateVerify } from './client-answers.ts';
import { clientHelloMessage } from './client-hello-message.ts';
import type { ClientCloseReason, ClientSession, DtlsClientOptions } from './client-options.ts';
import { OutgoingMessages } from './outgoing-messages.ts';
import {
  readServerCertificate,
  readServerHello,
  readServerKeyExchange,
  type ServerHello,
} from './read-server-messages.ts';

/** A DTLS 1.2 client for tests and benches: it trusts any certificate, and a test may tamper with its messages. */
export interface DtlsClient {
  connect(): void;
  receive(datagram: Uint8Array): void;
  /** One record of application data. */
  send(bytes: Uint8Array): void;
  /** Makes a protected record of any type. */
  seal(type: number, bytes: Uint8Array): Buffer;
  /** Sends close_notify. */
  close(): void;
  /** Leaves without close_notify. */
  vanish(): void;
  readonly isOpen: boolean;
  /** The fatal alert that the server sent. */
  readonly alert: number | undefined;
  readonly session: ClientSession | undefined;
  readonly isResumed: boolean;
  /** The connection id that the server expects in our records. */
  readonly serverConnectionId: Buffer;
}

const maxServerMessages = 8;
const maxServerMessageBytes = 16_384;
const maxHeldRecords = 8;

export function createDtlsClient(options: DtlsClientOptions): DtlsClient {
  return new Client(options);
}

/** For the flights see `../server/handshake.ts`. */
class Client implements DtlsClient {
  readonly #options: DtlsClientOptions;
  readonly #random: Buffer;
  readonly #out: OutgoingMessages;
  /** `connecting` until the server's Finished was verified, also before `connect`. */
  #phase: 'connecting' | 'open' | 'closed' = 'connecting';
  /** Of our ClientHello, and so of the server's first message. */
  #helloSequence = 0;
  #collector: MessageCollector = collectFrom(0);
  /** The sequence number of the server's next message. */
  #due = 0;
  #hello: ServerHello | undefined;
  #serverCertificate: X509Certificate | undefined;
  #serverPoint: CurvePoint | undefined;
  #isAskedForCertificate = false;
  #master: Uint8Array | undefined;
  #records: SecureRecords | undefined;
  /** Protected records that came before there were keys. */
  #held: DtlsRecord[] = [];
  #isResumed = false;
  #alert: number | undefined;

  constructor(options: DtlsClientOptions) {
    this.#options = options;
    this.#random = Buffer.from((options.randomBytes ?? systemRandomBytes)(32));
    this.#out = new OutgoingMessages(options);
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  get alert(): number | undefined {
    return this.#alert;
  }

  get isResumed(): boolean {
    return this.#isResumed;
  }

  get serverConnectionId(): Buffer {
    return this.#hello?.connectionId ?? Buffer.alloc(0);
  }

  get session(): ClientSession | undefined {
    const hello = this.#hello;
    return hello && this.#master && hello.sessionId.length > 0
      ? { id: hello.sessionId, master: this.#master, cipherSuite: hello.cipherSuite }
      : undefined;
  }

  connect(): void {
    this.#sayHello(Buffer.alloc(0));
  }

  receive(datagram: Uint8Array): void {
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    for (const record of readRecords(bytes, this.#options.connectionId?.length ?? 0)) {
      if (record === undefined || this.#phase === 'closed') continue;
      if (record.epoch === 0) this.#takePlain(record);
      else this.#takeProtected(record);
    }
  }

  send(bytes: Uint8Array): void {
    this.#options.send(this.seal(contentType.applicationData, bytes));
  }

  seal(type: number, bytes: Uint8Array): Buffer {
    if (!this.#records) throw new Error('there are no keys yet');
    return this.#records.seal(type, bytes);
  }

  close(): void {
    if (this.#phase === 'open')
      this.#options.send(this.seal(contentType.alert, alertMessage('warning', 'closeNotify')));
    this.#end('closed');
  }

  vanish(): void {
    this.#out.stop();
    this.#phase = 'closed';
  }

  #sayHello(cookie: Uint8Array): void {
    const out = this.#out;
    out.beginFlight();
    out.transcript = [];
    this.#helloSequence = out.nextSequence;
    this.#due = this.#helloSequence;
    this.#collector = collectFrom(this.#helloSequence);
    out.say(handshakeType.clientHello, clientHelloMessage(this.#options, this.#random, cookie));
    out.transmit(undefined);
  }

  #takePlain({ type, fragment }: DtlsRecord): void {
    if (this.#phase !== 'connecting') return;
    if (type === contentType.alert && readAlert(fragment) === 'fatal') {
      this.#alert = fragment[1];
      this.#end('alert');
    }
    if (type !== contentType.handshake) return;
    for (const each of readFragments(fragment))
      if (each?.type === handshakeType.helloVerifyRequest) {
        const isAnswer = each.sequence === this.#helloSequence && this.#hello === undefined;
        if (isAnswer) this.#sayHello(new ByteReader(each.bytes.subarray(2)).vector8());
      } else if (each) this.#collector.add(each);
    this.#takeMessages();
  }

  #takeMessages(): void {
    for (
      let message = this.#collector.get(this.#due);
      message !== undefined;
      message = this.#collector.get(this.#due)
    ) {
      this.#out.transcript.push(handshakeMessage(message.type, this.#due, message.body));
      this.#due++;
      this.#take(message.type, message.body);
    }
  }

  #take(type: number, body: Buffer): void {
    const hello = this.#hello;
    if (type === handshakeType.serverHello) this.#takeServerHello(readServerHello(body));
    else if (type === handshakeType.certificate) this.#serverCertificate = readServerCertificate(body);
    else if (type === handshakeType.serverKeyExchange && hello) {
      const randoms = Buffer.concat([this.#random, hello.random]);
      this.#serverPoint = readServerKeyExchange(body, this.#serverCertificate, randoms);
      if (!this.#serverPoint) this.#end('server-not-authentic');
    } else if (type === handshakeType.certificateRequest) this.#isAskedForCertificate = true;
    else if (type === handshakeType.serverHelloDone && hello && this.#phase === 'connecting')
      this.#answer(hello);
  }

  #takeServerHello(hello: ServerHello): void {
    const { session } = this.#options;
    this.#hello = hello;
    this.#isResumed = hello.sessionId.length > 0 && session?.id.equals(hello.sessionId) === true;
    if (this.#isResumed && session) this.#useMaster(hello, session.master);
  }

  /** Our side of a full handshake: from the certificate, where one is asked for, to Finished. */
  #answer(hello: ServerHello): void {
    const { psk, certificate } = this.#options;
    const out = this.#out;
    const { keyExchange } = cipherSuites[hello.cipherSuite];
    out.beginFlight();
    if (this.#isAskedForCertificate)
      out.say(handshakeType.certificate, certificateList(certificate?.chain ?? []));
    const { body, premaster } = answerKeyExchange(keyExchange, psk, this.#serverPoint);
    out.say(handshakeType.clientKeyExchange, body);
    const master = hello.extendedMasterSecret
      ? extendedMasterSecret(premaster, out.transcript)
      : masterSecret(premaster, { client: this.#random, server: hello.random });
    if (this.#isAskedForCertificate && certificate && certificate.chain.length > 0)
      out.say(handshakeType.certificateVerify, certificateVerify(out.transcript, certificate.key));
    this.#useMaster(hello, master);
    this.#sayFinished(master);
  }

  #sayFinished(master: Uint8Array): void {
    const out = this.#out;
    out.sayChangeCipherSpec();
    out.say(handshakeType.finished, finishedData(master, 'client', out.transcript), true);
    out.expectNewAnswer();
    out.transmit(this.#records);
  }

  #useMaster(hello: ServerHello, master: Uint8Array): void {
    const { connectionId = Buffer.alloc(0), randomBytes = systemRandomBytes } = this.#options;
    this.#master = master;
    this.#records = agreedRecords({
      side: 'client',
      suite: cipherSuites[hello.cipherSuite],
      master,
      randoms: { client: this.#random, server: hello.random },
      encryptThenMac: hello.encryptThenMac,
      randomBytes,
      readConnectionId: hello.connectionId ? connectionId : Buffer.alloc(0),
      writeConnectionId: hello.connectionId ?? Buffer.alloc(0),
    });
    for (const record of this.#held.splice(0)) this.#takeProtected(record);
  }

  #takeProtected(record: DtlsRecord): void {
    if (!this.#records) {
      const fragment = Buffer.from(record.fragment);
      if (this.#held.length < maxHeldRecords) this.#held.push({ ...record, fragment });
      return;
    }
    const opened = this.#records.open(record);
    if (typeof opened === 'string') return;
    const { type, bytes } = opened;
    if (type === contentType.applicationData) this.#options.onMessage?.(bytes);
    else if (type === contentType.alert) this.#takeAlert(bytes);
    else if (type === contentType.handshake && bytes[0] === handshakeType.finished)
      this.#takeFinished(bytes.subarray(12));
  }

  #takeAlert(bytes: Buffer): void {
    const meaning = readAlert(bytes);
    if (meaning === undefined) return;
    this.#alert = bytes[1];
    this.#end(meaning === 'fatal' ? 'alert' : 'close-notify');
  }

  #takeFinished(bytes: Buffer): void {
    const master = this.#master;
    if (!master || this.#phase === 'closed') return;
    const out = this.#out;
    if (this.#phase === 'open') {
      // The server missed our last flight: ours is the last one where a session is resumed.
      if (this.#isResumed) out.transmitOnce(this.#records);
      return;
    }
    if (!isFinished(bytes, master, 'server', out.transcript)) {
      this.#end('server-not-authentic');
      return;
    }
    if (this.#isResumed) {
      out.transcript.push(handshakeMessage(handshakeType.finished, this.#due, bytes));
      out.beginFlight();
      this.#sayFinished(master);
    }
    out.stop();
    this.#phase = 'open';
    this.#options.onOpen?.();
  }

  #end(reason: ClientCloseReason): void {
    if (this.#phase === 'closed') return;
    this.#out.stop();
    this.#phase = 'closed';
    this.#options.onClose?.(reason);
  }
}

function collectFrom(firstSequence: number): MessageCollector {
  const maxBytes = Array.from({ length: maxServerMessages }, () => maxServerMessageBytes);
  return createMessageCollector({ firstSequence, maxBytes });
}
