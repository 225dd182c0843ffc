import type { AdapterHost } from '@rollcall/adapter-kit';
import { arrivedAt, onArrival } from '@rollcall/adapter-kit/arrival';
import { peerAddress, destroyUnlessClosed, type SocketPlace } from '@rollcall/adapter-kit/listening';
import { peerBeingServed, servedPeer, servePeer, type ServedPeer } from '@rollcall/containment';
import type { Instant } from '@rollcall/core';
import type { DisconnectedChange, EndedSignal } from '@rollcall/core/tracker';
import type { Client } from 'aedes';
import type { IConnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import {
  beginSession,
  holdBack,
  internalsOf,
  onPacket,
  onParseError,
  readOn,
  readsLater,
  readWhatArrived,
  readStrictlyOf,
} from './aedes/aedes-internals.ts';
import { answerMalformedConnect } from './answer-malformed-connect.ts';
import { connackFor, refusingConnack } from './connack.ts';
import { endingDisconnect, type RefusedFor } from './device-answers.ts';
import { Foresight } from './foresight.ts';
import { createFrameScanner, type Scanned } from './frame-scanner.ts';
import { judgeClientId, readHello, simplify, type Hello } from './hello.ts';
import { logIn } from './log-in.ts';
import { openSession, type AdmittedDevice, type Session } from './open-session.ts';
import { signalOf, type Introduced } from './packet-signals.ts';
import { errorSignal, parseErrorCode } from './protocol-violations.ts';
import { readGoodbye } from './read-goodbye.ts';
import { reasonCodes } from './reason-codes.ts';
import { endFilters, grantFilters, isAnswerTooLong } from './subscriptions.ts';
import type { MqttSignal } from './tracker.ts';
import { writeBytes, writePacket, type Addressee } from './write-packet.ts';

/** Packets that may come before the CONNACK. */
const maxEarly = 64;

export interface DeviceLimits {
  readonly authenticationRequired: boolean;
  /** See `keepAliveFor`. */
  readonly idleLimitMs: number;
  /** Messages of QoS 1 that may be unanswered, and of any QoS that may wait until no more is read. */
  readonly receiveMaximum: number;
  readonly maxPacketBytes: number;
}

/** What aedes asks and tells, handed to the connection it concerns. */
export interface DeviceConnection {
  /** aedes' `preConnect`: the result says whether to go on. */
  connecting(packet: IConnectPacket): boolean;
  /** aedes' `authenticate`: answers the CONNECT. */
  authenticate(username: string | undefined, password: Uint8Array | undefined): Promise<void>;
  /** aedes' `authorizePublish`: takes the PUBLISH over and answers it. */
  publish(packet: IPublishPacket): Promise<void>;
  /** aedes reports an error: of the socket, of the protocol, or of a timer. */
  failed(error: Error): void;
}

/** A network connection: aedes' side of it, and its place among those that have not logged in. */
export interface ServedClient {
  readonly client: Client;
  readonly place: SocketPlace;
}

/** Serves one network connection, from its first byte to its last: turns what aedes sees into signals. */
export function serveDevice(served: ServedClient, host: AdapterHost, limits: DeviceLimits): DeviceConnection {
  const device = new ServedDevice(served, host, limits);
  device.listen();
  return device;
}

/** How far a network connection has come. */
type State =
  /** There was no CONNECT yet. */
  | { readonly phase: 'new'; readonly session?: undefined }
  /** Its CONNECT is looked at; packets that come meanwhile wait. */
  | { readonly phase: 'logging-in'; readonly hello: Hello; readonly session?: undefined }
  /** Its CONNECT was refused: the connection closes. */
  | { readonly phase: 'refused'; readonly session?: undefined }
  /** The device is connected; aedes has not handled yet what came before the CONNACK. */
  | { readonly phase: 'answering'; readonly session: Session }
  /** The device is connected, or was: the tracker knows whether it is still. */
  | { readonly phase: 'open'; readonly session: Session };

class ServedDevice implements DeviceConnection {
  readonly #client: Client;
  readonly #place: SocketPlace;
  readonly #host: AdapterHost;
  readonly #limits: DeviceLimits;
  readonly #internals: ReturnType<typeof internalsOf>;
  readonly #conn: ReturnType<typeof internalsOf>['conn'];
  readonly #peer: ServedPeer;
  /** The address is gone once the socket is. */
  readonly #remoteAddress: string | undefined;
  #state: State = { phase: 'new' };
  /** What its CONNECT asks of packets to it, once that came. */
  #addressee: Addressee = { version: 4 };
  /** What else of its CONNECT counts later. */
  #introduced: Introduced = { version: 4, sessionExpiryAsked: false };
  /** Packets that came while the login was pending. */
  readonly #early: Packet[] = [];
  /** When its last bytes arrived. */
  #heardAt: Instant | undefined;
  /** The device closed its side; what it said before may still wait. */
  #hasHungUp = false;
  /** Something came behind its CONNECT, and may still wait. */
  #saidMore = false;
  readonly #foresight = new Foresight((end) => servePeer(this.#peer, () => this.#tellForeseen(end)));
  /** The DISCONNECT, as it arrived. */
  #goodbye: Uint8Array | undefined;
  /** How its connection ended before the CONNACK. */
  #endedEarly: DisconnectedChange | undefined;
  /** How it ends its connection is told before it is aedes' turn for that. */
  #isForeseen = false;
  /** The device hears of it when aedes has taken what came before. */
  #owedEnd: DisconnectedChange | undefined;
  /** It broke the protocol: nothing that it sends is taken any more. */
  #isBroken = false;
  /** Messages that arrived, and are not handled yet. */
  #unhandled = 0;

  constructor({ client, place }: ServedClient, host: AdapterHost, limits: DeviceLimits) {
    this.#client = client;
    this.#place = place;
    this.#host = host;
    this.#limits = limits;
    this.#internals = internalsOf(client);
    this.#conn = this.#internals.conn;
    this.#remoteAddress = peerAddress(this.#conn);
    // aedes reads on in callbacks of its own too, where nothing else would catch what is thrown. The peer of the socket is taken
    // where there is one: each peer has a context of its own, and going from one to the other takes time.
    this.#peer = peerBeingServed() ?? servedPeer('mqtt', host.context.failed, () => this.#conn.destroy());
  }

  listen(): void {
    const client = this.#client;
    const conn = this.#conn;
    readStrictlyOf(client);
    onPacket(client, (packet) => servePeer(this.#peer, () => this.#took(packet)));
    onParseError(client, (error) => {
      if (this.#state.session)
        this.#breaks({ type: 'protocol-error', code: parseErrorCode(error), text: error.message });
      else if (answerMalformedConnect(client, error)) this.#host.access.refused('protocol-error');
    });
    const scan = createFrameScanner(this.#limits.maxPacketBytes);
    // aedes reads no further while it handles a message: signs of life, and the end, count when they arrive.
    onArrival(
      conn,
      (bytes) => this.#arrived(bytes, scan(bytes)),
      () => {
        this.#hasHungUp = true;
        // Silence behind it is no silence, however long what came before it takes.
        this.#socketClosed();
      },
    );
    conn.prependListener('error', (error) => {
      servePeer(this.#peer, () => readWhatArrived(client));
      // One without a code is aedes' own, which destroys the socket of a device that does not read with it.
      this.#ended(errorSignal(error));
    });
    conn.on('end', () => {
      this.#socketClosed();
      this.#closeIfServed();
    });
    conn.on('close', () => this.#socketClosed());
  }

  connecting(packet: IConnectPacket): boolean {
    const hello = readHello(packet, this.#limits.idleLimitMs);
    this.#addressee = hello.addressee;
    this.#introduced = hello;
    const verdict = judgeClientId(packet);
    if (verdict !== 'good') this.#host.access.refused('identifier-rejected', undefined, packet.username);
    if (verdict === 'identifier-rejected') {
      this.#refuse('identifier-rejected');
      return false;
    }
    if (verdict === 'aedes-refuses') {
      this.#state = { phase: 'refused' };
      return true;
    }
    this.#state = { phase: 'logging-in', hello };
    simplify(packet);
    holdBack(this.#client);
    return true;
  }

  async authenticate(username: string | undefined, password: Uint8Array | undefined): Promise<void> {
    if (this.#state.phase !== 'logging-in') return;
    const { hello } = this.#state;
    // From now on it waits for us.
    this.#place.stand('busy');
    const connack = connackFor(hello, { ...this.#limits, assignedClientId: this.#client.id });
    if (!connack) {
      this.#host.access.refused('protocol-error', undefined, username);
      this.#refuse('packet-too-large');
      return;
    }
    const clientId = hello.clientId === '' ? this.#client.id : hello.clientId;
    const login = { username, password, clientId, socket: this.#conn, gone: () => this.#isLost() };
    const who = await logIn(login, this.#host.access, this.#limits);
    // A device that was lost meanwhile was never connected. One that said all it had to, and left, was.
    if (this.#isLost()) {
      this.#closeSoon();
      return;
    }
    if (who !== 'nobody' && 'reason' in who) {
      this.#refuse(who.reason);
      return;
    }
    const identity = who === 'nobody' ? undefined : who;
    const { access } = this.#host;
    const asked = access.beforeAdmit(identity, identity && clientId);
    if (asked) await asked;
    if (asked && this.#isLost()) {
      this.#closeSoon();
      return;
    }
    const refusal = access.admit(identity, identity && clientId);
    if (refusal) {
      this.#refuse(refusal.reason);
      return;
    }
    const session = this.#open({ identity, clientId, hello });
    if (!this.#takeUpEarly(session)) return;
    await session.connection.committed();
    this.#report({ type: 'answered' });
    if (this.#endedEarly) {
      this.#turnOut(connack, this.#endedEarly);
      return;
    }
    if (!this.#isGone() && this.#waitsForUs()) this.#accept(session, connack);
  }

  async publish(packet: IPublishPacket): Promise<void> {
    try {
      if (!this.#isBroken) await this.#state.session?.uploads.publish(packet);
    } finally {
      this.#unhandled -= 1;
      if (this.#unhandled === this.#limits.receiveMaximum) readOn(this.#client);
      if (this.#unhandled === 0) this.#foresight.rest();
      this.#closeIfServed();
    }
  }

  failed(error: Error): void {
    this.#report(errorSignal(error));
  }

  #open(admitted: Pick<AdmittedDevice, 'identity' | 'clientId' | 'hello'>): Session {
    const session = openSession(
      {
        ...admitted,
        client: this.#client,
        remoteAddress: this.#remoteAddress,
        receiveMaximum: this.#limits.receiveMaximum,
        onDisconnected: (change) => this.#onDisconnected(change),
      },
      this.#host,
    );
    this.#state = { phase: 'answering', session };
    this.#place.accepted();
    const { liveness } = admitted.hello.keepAlive;
    session.connection.report({ type: 'accepted', liveness, heardAt: this.#heardAt });
    return session;
  }

  #accept(session: Session, connack: Uint8Array): void {
    writeBytes(this.#client, connack);
    beginSession(this.#client);
    // aedes handles what came before the CONNACK in this turn.
    setImmediate(() => {
      this.#state = { phase: 'open', session };
      this.#closeIfServed();
    });
  }

  /** A device does not have to wait for the CONNACK [MQTT-3.1.4-6]. The result says whether aedes still handles its packets. */
  #takeUpEarly({ uploads }: Session): boolean {
    const end = this.#foresight.begin(this.#introduced);
    if (end) this.#report(end);
    const packets = this.#early.splice(0);
    for (const packet of packets) this.#took(packet);
    if (!this.#isGone()) return true;
    for (const packet of packets)
      if (packet.cmd === 'publish') uploads.publish(packet).catch((error: unknown) => this.#peer.fail(error));
    return false;
  }

  #report(signal: MqttSignal | EndedSignal): void {
    this.#state.session?.connection.report(signal);
  }

  #took(packet: Packet): void {
    const { session } = this.#state;
    if (!session) {
      // aedes keeps them too, and no more of them.
      if (packet.cmd !== 'connect' && this.#early.length < maxEarly) this.#early.push(packet);
      return;
    }
    const signal = signalOf(packet, this.#introduced);
    if (signal?.type === 'protocol-error') this.#breaks(signal);
    else if (signal) this.#report(signal);
    if (packet.cmd === 'publish') this.#awaitsUpload();
    if (packet.cmd === 'pubrel') session.uploads.released(packet.messageId);
    if (packet.cmd === 'subscribe') grantFilters(packet, session);
    if (packet.cmd === 'unsubscribe') endFilters(packet, session, this.#client);
    if (isAnswerTooLong(packet, this.#addressee))
      this.#report({
        type: 'protocol-error',
        code: reasonCodes.packetTooLarge,
        text: 'the answer is longer than its Maximum Packet Size',
      });
  }

  /** aedes would read on with each piece that arrives. One more than may wait is read: for MQTT 5.0 that is a violation. */
  #awaitsUpload(): void {
    this.#unhandled += 1;
    if (this.#unhandled > this.#limits.receiveMaximum) holdBack(this.#client);
  }

  #arrived(bytes: Uint8Array, scanned: Scanned): void {
    const { whole, goodbye } = scanned;
    this.#heardAt = arrivedAt(this.#conn, this.#host.context.clock);
    this.#goodbye ??= goodbye;
    this.#saidMore ||= whole && this.#state.phase !== 'new';
    this.#report({ type: 'arrived', whole });
    const waits = this.#state.phase !== 'open' || readsLater(this.#client, bytes);
    this.#tellForeseen(this.#foresight.arrived(bytes, scanned, waits));
  }

  /** How the device ended its connection before that counts first. */
  #ended(signal: MqttSignal | EndedSignal): void {
    this.#tellForeseen(this.#foresight.finish());
    this.#report(signal);
  }

  #socketClosed(): void {
    this.#ended({ type: 'socket-closed' });
  }

  #tellForeseen(end: MqttSignal | undefined): void {
    if (!end) return;
    this.#isForeseen = true;
    this.#report(end);
    this.#isForeseen = false;
  }

  /** It is aedes' turn for what breaks the protocol: what came before is taken. */
  #breaks(signal: MqttSignal): void {
    this.#isBroken = true;
    this.#report(signal);
    const owed = this.#owedEnd;
    this.#owedEnd = undefined;
    if (owed) this.#tellEnd(owed);
  }

  /** Whether aedes hands on nothing any more. */
  #isGone(): boolean {
    return this.#internals.closed || this.#conn.destroyed;
  }

  /** Whether the device gave up, rather than having said all it had to. */
  #isLost(): boolean {
    if (readGoodbye(this.#goodbye, this.#addressee.version)) return false;
    return this.#isGone() || (this.#hasHungUp && !this.#saidMore && this.#early.length === 0);
  }

  #refuse(reason: RefusedFor): void {
    this.#state = { phase: 'refused' };
    writePacket(this.#client, this.#addressee, refusingConnack(reason, this.#addressee.version));
    this.#closeSoon();
  }

  #onDisconnected(change: DisconnectedChange): void {
    // The device is not there to be told, or it was who said goodbye.
    if (change.reason === 'client-closed' || change.reason === 'connection-lost') {
      this.#state.session?.uploads.left();
      return;
    }
    if (this.#internals.connackSent) {
      if (this.#isForeseen) this.#owedEnd = change;
      else this.#tellEnd(change);
      return;
    }
    this.#state = { phase: 'refused' };
    this.#endedEarly = change;
  }

  /** It was connected, and is told as that: it hears that it was let in, and then that this is over [MQTT-3.14.0-1]. */
  #turnOut(connack: Uint8Array, change: DisconnectedChange): void {
    writeBytes(this.#client, connack);
    this.#tellEnd(change);
  }

  #tellEnd(change: DisconnectedChange): void {
    // MQTT 3.1.1 knows no DISCONNECT from the server.
    if (this.#addressee.version === 5) writePacket(this.#client, this.#addressee, endingDisconnect(change));
    this.#closeSoon();
  }

  /** The device closed its side, and has its answers. */
  #closeIfServed(): void {
    if (!this.#conn.readableEnded || this.#unhandled > 0) return;
    // One that is connected gets its CONNACK first.
    if (this.#state.phase === 'answering') return;
    if (!this.#waitsForUs() || this.#isLost()) this.#closeSoon();
  }

  #waitsForUs(): boolean {
    const { phase } = this.#state;
    return phase === 'logging-in' || phase === 'answering';
  }

  /** Closes once what was written is sent; a device that does not read gets no more time than this. */
  #closeSoon(): void {
    const conn = this.#conn;
    conn.destroySoon();
    destroyUnlessClosed(conn, this.#host.context.clock);
  }
}
