import { randomUUID } from 'node:crypto';
import {
  peerAddress,
  peerCertificate,
  createUploadWindow,
  onArrival,
  remoteIpOf,
  type AdapterHost,
  type AuthenticatedDevice,
  type OpenConnection,
  type RefusalReason,
} from '@rollcall/adapter-kit';
import { servedPeer, servePeer } from '@rollcall/containment';
import { later, type DisconnectedChange } from '@rollcall/core';
import type { Client } from 'aedes';
import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet';
import {
  internalsOf,
  onPacket,
  onParseError,
  readWhatArrived,
  refuseIllFormedText,
} from './aedes-internals.ts';
import { answerMalformedConnect } from './answer-malformed-connect.ts';
import { answerUpload, disconnectCode } from './answer-upload.ts';
import { endCodes } from './end-codes.ts';
import { createFrameScanner } from './frame-scanner.ts';
import { keepAliveFor, type KeepAlive } from './liveness.ts';
import { presentedCredentials } from './presented-credentials.ts';
import { errorSignal } from './protocol-violations.ts';
import { signalOf } from './packet-signals.ts';
import { readGoodbye } from './read-goodbye.ts';
import { reasonCodes } from './reason-codes.ts';
import { refusalCodes } from './refusal-codes.ts';
import { grantSubscription } from './subscriptions.ts';
import { parseTopic, type ParsedTopic } from './topics.ts';
import { mqttTracker, type MqttSignal } from './tracker.ts';
import { uploadRequest } from './upload-request.ts';
import { writeAccepted, writePacket } from './write-packet.ts';

/** Longer client ids are refused: they would fill events, logs and maps. MQTT asks for 23 at least [MQTT-3.1.3-5]. */
const maxClientIdLength = 256;
/** Packets that may come before the CONNACK. */
const maxEarly = 64;
/** How long a device may take to read its last answer. */
const closeWithinMs = 1_000;

export interface DeviceLimits {
  /** See `keepAliveFor`. */
  readonly idleLimitMs: number;
  /** Messages of QoS 1 that may be unanswered. */
  readonly receiveMaximum: number;
  readonly maxPacketBytes: number;
}

/** One network connection of a device, from its first byte to its last: turns what aedes sees into signals. */
export interface DeviceConnection {
  /** aedes' `preConnect`: the result says whether to go on. */
  connecting(packet: IConnectPacket): boolean;
  /** aedes' `authenticate`: resolves with whether the CONNACK may be sent. */
  authenticate(username: string | undefined, password: Uint8Array | undefined): Promise<boolean>;
  /** aedes' `authorizePublish`: takes the PUBLISH over and answers it. */
  publish(packet: IPublishPacket): Promise<void>;
  /** aedes has sent the CONNACK, and handles packets as they come. */
  ready(): void;
  /** aedes tells of an error: of the socket, of the protocol, or of a timer. */
  failed(error: Error): void;
}

export function createDeviceConnection(
  client: Client,
  host: AdapterHost,
  { idleLimitMs, receiveMaximum, maxPacketBytes }: DeviceLimits,
): DeviceConnection {
  const internals = internalsOf(client);
  const { conn } = internals;
  const remoteAddress = peerAddress(conn);
  let version = 4;
  let clientId = '';
  let keepAlive: KeepAlive | undefined;
  let keepAliveAsked = 0;
  let sessionExpiryAsked = false;
  let identity: AuthenticatedDevice | undefined;
  let connection: OpenConnection<MqttSignal> | undefined;
  let draining: Promise<void> | undefined;
  /** Messages of QoS 1 without their PUBACK. */
  let unanswered = 0;
  const window = createUploadWindow();
  /** Packets that came while the login was pending. */
  const early: Packet[] = [];
  /** The DISCONNECT, as it arrived. */
  let goodbye: Uint8Array | undefined;
  let loginPending = false;
  /** Messages that arrived, and are not handled yet. */
  let unhandled = 0;
  let latestTopic: { readonly text: string; readonly parsed: ParsedTopic } | undefined;
  /** Settles when every PUBLISH so far was answered: PUBACKs go out in the order of their PUBLISHes [MQTT-4.6.0-2]. */
  let answered: Promise<void> = Promise.resolve();

  // GHSA-52qw-whmv-87c5: a filter named like a property of Object must not be found there.
  internals.subscriptions = Object.create(null) as object;

  refuseIllFormedText(internals._parser);
  // aedes reads on in callbacks of its own too, where nobody else would catch what is thrown here.
  const peer = servedPeer('mqtt', host.failed, () => conn.destroy());

  onPacket(client, (packet) => servePeer(peer, () => took(packet)));

  function took(packet: Packet): void {
    if (!connection) {
      // aedes keeps them too, and no more of them.
      if (packet.cmd !== 'connect' && early.length < maxEarly) early.push(packet);
      return;
    }
    const signal = signalOf(packet, version);
    if (signal) connection.report(signal);
    if (packet.cmd === 'publish') unhandled += 1;
    if (packet.cmd === 'subscribe') refuseFilters(packet);
  }

  onParseError(client, (error) => {
    const { malformedPacket: code } = reasonCodes;
    if (connection) connection.report({ type: 'protocol-error', code, text: error.message });
    else answerMalformedConnect(client);
  });

  // aedes reads no further while it handles a message: signs of life and a goodbye count when they arrive.
  const scan = createFrameScanner(maxPacketBytes);
  onArrival(
    conn,
    (bytes) => {
      const scanned = scan(bytes);
      goodbye ??= scanned.goodbye;
      connection?.report({ type: 'arrived', whole: scanned.whole });
      if (scanned.goodbye) tellGoodbye();
    },
    // Silence behind it is no silence, however long what came before it takes.
    () => connection?.report({ type: 'socket-closed' }),
  );
  conn.prependListener('error', (error: NodeJS.ErrnoException) => {
    servePeer(peer, () => readWhatArrived(client));
    connection?.report({ type: 'socket-closed', ...(error.code !== undefined && { text: error.code }) });
  });
  conn.on('end', () => {
    connection?.report({ type: 'socket-closed' });
    closeIfServed();
  });
  conn.on('close', () => connection?.report({ type: 'socket-closed' }));

  function tellGoodbye(): void {
    const packet = connection && readGoodbye(goodbye, version);
    const signal = packet && signalOf(packet, version);
    if (signal) connection?.report(signal);
  }

  /** The device closed its side, and has its answers. */
  function closeIfServed(): void {
    if (!conn.readableEnded || unhandled > 0) return;
    if (!loginPending || isLost()) closeSoon();
  }

  /** Whether the device gave up, rather than having said all it had to. */
  function isLost(): boolean {
    if (readGoodbye(goodbye, version)) return false;
    return internals.closed || conn.destroyed || (conn.readableEnded && early.length === 0);
  }

  /** aedes grants what is not refused here: a refused filter carries the code that goes into the SUBACK. */
  function refuseFilters(packet: ISubscribePacket): void {
    const tenant = identity?.device.tenant ?? '';
    for (const subscription of packet.subscriptions)
      (subscription as { qos: number }).qos = grantSubscription(subscription.topic, subscription.qos, tenant);
  }

  function refuse(reason: RefusalReason | 'identifier-rejected'): false {
    const codes = refusalCodes[reason];
    writePacket(client, version, {
      cmd: 'connack',
      sessionPresent: false,
      ...(version === 5 ? { reasonCode: codes.v5 } : { returnCode: codes.v3 }),
    });
    closeSoon();
    return false;
  }

  function onDisconnected(change: DisconnectedChange): void {
    // The device is not there to be told, or it was who said goodbye.
    if (change.reason === 'client-closed' || change.reason === 'connection-lost') return;
    const { text } = change.raw ?? {};
    const code = change.reason === 'upload-refused' ? disconnectCode(change.raw?.code) : change.raw?.code;
    // MQTT 3.1.1 knows no DISCONNECT from the server, and before the CONNACK there must be none [MQTT-3.14.0-1].
    if (version === 5 && internals.connackSent)
      writePacket(client, version, {
        cmd: 'disconnect',
        reasonCode: typeof code === 'number' ? code : reasonCodes.unspecified,
        ...(text !== undefined && { properties: { reasonString: text } }),
      });
    closeSoon();
  }

  /** Closes once what was written is sent; a device that does not read gets no more time than this. */
  function closeSoon(): void {
    conn.destroySoon();
    if (conn.closed) return;
    const disarm = host.clock.at(later(host.clock.monotonic(), closeWithinMs), () => conn.destroy());
    conn.once('close', disarm);
  }

  /** Resolves when the device has read enough of its answers that more may be written, or is gone. */
  function readyForMore(): Promise<void> | undefined {
    if (!conn.writableNeedDrain || conn.destroyed) return undefined;
    draining ??= new Promise((resolve) => {
      const done = (): void => {
        conn.off('drain', done);
        conn.off('close', done);
        draining = undefined;
        resolve();
      };
      conn.once('drain', done);
      conn.once('close', done);
    });
    return draining;
  }

  function tooManyUnanswered(): void {
    connection?.report({
      type: 'protocol-error',
      code: reasonCodes.receiveMaximumExceeded,
      text: 'Receive Maximum exceeded',
    });
  }

  /** Most devices publish to one topic all their life. */
  function readTopic(text: string): ParsedTopic {
    if (latestTopic?.text !== text) latestTopic = { text, parsed: parseTopic(text) };
    return latestTopic.parsed;
  }

  return {
    connecting(packet) {
      version = packet.protocolVersion ?? 4;
      clientId = packet.clientId;
      if (clientId.length > maxClientIdLength) {
        host.refused('identifier-rejected');
        return refuse('identifier-rejected');
      }
      // [MQTT-3.1.3-8]: aedes refuses it, if it sees what the client sent.
      if (clientId === '' && version < 5 && packet.clean === false) return true;

      loginPending = true;
      keepAliveAsked = packet.keepalive ?? 0;
      keepAlive = keepAliveFor(version, keepAliveAsked, idleLimitMs);
      // Nothing is kept for a device: neither its will nor its session.
      delete packet.will;
      packet.clean = true;
      sessionExpiryAsked = (packet.properties?.sessionExpiryInterval ?? 0) > 0;
      if (packet.properties) delete packet.properties.sessionExpiryInterval;
      // aedes ends a client whose id comes again, of whatever tenant; who ends whom is decided elsewhere.
      if (clientId !== '') packet.clientId = randomUUID();
      return true;
    },

    async authenticate(username, password) {
      if (clientId === '') clientId = client.id;
      const isNameless = username === undefined && password === undefined;
      const certificate = isNameless ? peerCertificate(conn) : undefined;
      const presented = certificate ? { certificate } : presentedCredentials(username, password);
      if (!presented) {
        host.refused(isNameless ? 'credentials-missing' : 'credentials-malformed');
        return refuse('bad-credentials');
      }
      const result = await host.authenticate({
        ...presented,
        remoteIp: remoteIpOf(conn),
        gone: isLost,
      });
      // A device that was lost meanwhile was never connected. One that said all it had to, and left, was.
      if (isLost()) return false;
      if (result.status === 'refused') return refuse(result.refusal.reason);
      const refusal = host.admit(result.identity, clientId);
      if (refusal) return refuse(refusal.reason);

      const { liveness, serverKeepAliveSeconds } = keepAlive ?? keepAliveFor(version, 0, idleLimitMs);
      const keepAliveSeconds = serverKeepAliveSeconds ?? keepAliveAsked;
      identity = result.identity;
      connection = host.open(mqttTracker, {
        identity,
        remoteId: clientId,
        slot: clientId,
        ...(keepAliveSeconds > 0 && { keepAliveMs: keepAliveSeconds * 1_000 }),
        protocol: version === 5 ? 'MQTT 5.0' : version === 3 ? 'MQTT 3.1' : 'MQTT 3.1.1',
        ...(remoteAddress !== undefined && { remoteAddress }),
        endCauses: endCodes,
        onDisconnected,
      });
      connection.report({ type: 'accepted', liveness });
      // A device need not wait for the CONNACK [MQTT-3.1.4-6].
      tellGoodbye();
      const packets = early.splice(0);
      for (const packet of packets) took(packet);
      if (internals.closed || conn.destroyed) {
        // aedes hands on nothing any more.
        for (const packet of packets)
          if (packet.cmd === 'publish') publish(packet).catch((error: unknown) => peer.fail(error));
        return false;
      }
      if (serverKeepAliveSeconds !== undefined) internals._serverKeepAlive = serverKeepAliveSeconds;
      if (sessionExpiryAsked) internals._sessionExpiryClamped = true;
      await connection.committed();
      connection.report({ type: 'answered' });
      return !internals.closed && !conn.destroyed;
    },

    async publish(packet) {
      try {
        await publish(packet);
      } finally {
        unhandled -= 1;
        closeIfServed();
      }
    },

    ready() {
      // aedes handles what came before the CONNACK in this turn.
      setImmediate(() => {
        loginPending = false;
        closeIfServed();
      });
    },

    failed(error) {
      connection?.report(errorSignal(error));
    },
  };

  async function publish(packet: IPublishPacket): Promise<void> {
    if (!identity || !connection) return;
    const { qos, messageId } = packet;
    // A violation for MQTT 5.0, where the device was told [MQTT-3.3.4-9]; others wait, and are not read meanwhile.
    if (qos > 0 && version === 5 && unanswered >= receiveMaximum) return tooManyUnanswered();
    if (qos > 0) unanswered += 1;
    const topic = readTopic(packet.topic);
    const request = uploadRequest(packet, topic, identity);
    const result = await inOrder(
      'failure' in request ? Promise.resolve(request) : window.run(() => host.upload(request)),
    );
    if (qos > 0) unanswered -= 1;
    if (result.status === 'failed')
      host.log.debug({ ...identity.device, ...result.failure }, 'upload failed');
    const answer = answerUpload(result, { qos, version, onError: topic.bag.get('on-error') });
    if (answer.acknowledge === 0 && messageId !== undefined) writeAccepted(client, messageId);
    else if (answer.acknowledge !== undefined)
      writePacket(client, version, {
        cmd: 'puback',
        messageId,
        ...(version === 5 && { reasonCode: answer.acknowledge }),
        ...(version === 5 && answer.text !== undefined && { properties: { reasonString: answer.text } }),
      } as Packet);
    if (answer.close) connection.report({ type: 'ended', ...answer.close });
    // aedes reads on when this resolves: a device that does not read its answers is not read either.
    await readyForMore();
  }

  /** Waits for `outcome`, and until everything before it was answered. */
  async function inOrder<Outcome>(outcome: Promise<Outcome>): Promise<Outcome> {
    const before = answered;
    let done = (): void => {};
    answered = new Promise((resolve) => {
      done = resolve;
    });
    const result = await outcome;
    await before;
    // The caller answers in this very turn.
    queueMicrotask(done);
    return result;
  }
}
