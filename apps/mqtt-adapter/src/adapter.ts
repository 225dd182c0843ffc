import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  bind,
  peerAddress,
  type AdapterHost,
  type ListenAddress,
  type Listeners,
  type ProtocolAdapter,
  type RunningProtocol,
} from '@rollcall/adapter-kit';
import type { Aedes, Client } from 'aedes';
import { internalsOf } from './aedes-internals.ts';
import { createDeviceConnection, type DeviceConnection } from './device-connection.ts';
import { tcpKeepAliveDelayMs } from './liveness.ts';
import { createSilentBroker } from './silent-broker.ts';

export interface MqttAdapterOptions extends Listeners {
  readonly maxPayloadBytes: number;
  /** Time within which a network connection must have sent its CONNECT. */
  readonly connectTimeoutMs: number;
  /** See `keepAliveFor`. */
  readonly idleLimitMs: number;
  /** Network connections that have not been accepted yet, at most. */
  readonly maxPendingSockets: number;
}

/** Room for the topic and the properties of a PUBLISH beside its payload, as Hono grants it (`docs/hono-compatibility.md` §7). */
const packetOverheadBytes = 128;

/** MQTT 3.1.1 and 5.0 devices. What they do is decided in `tracker.ts`; here is who listens, and what is wired to what. */
export function createMqttAdapter(options: MqttAdapterOptions): ProtocolAdapter {
  return { type: 'hono-mqtt', start: (host) => startMqtt(options, host) };
}

async function startMqtt(options: MqttAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const { idleLimitMs, maxPendingSockets } = options;
  const connections = new WeakMap<Client, DeviceConnection>();
  const sockets = new Set<Socket>();
  /** Network connections without an accepted CONNECT. */
  const pending = new Set<Socket>();
  /** Those whose TLS handshake runs, by the peer's address: what it ends with is another socket. */
  const handshaking = new Map<string, Socket>();
  let stopping = false;

  const broker = await createSilentBroker({
    maximumPacketSize: options.maxPayloadBytes + packetOverheadBytes,
    connectTimeout: options.connectTimeoutMs,
    // Client ids have a limit of our own, and aedes' answer to it is none for MQTT 5.0.
    maxClientsIdLength: 65_535,
    preConnect(client, packet, done) {
      const goesOn = !stopping && connections.get(client)?.connecting(packet);
      // Where it does not go on, the refusal was written and the socket closes: aedes must not answer too.
      if (goesOn) done(null, true);
    },
    authenticate(client, username, password, done) {
      const connection = connections.get(client);
      connection?.authenticate(username, password).then(
        (accepted) => {
          pending.delete(internalsOf(client).conn);
          if (accepted) done(null, true);
        },
        (error: unknown) => {
          host.log.error({ err: error }, 'device could not be authenticated');
          internalsOf(client).conn.destroy();
        },
      );
    },
    authorizePublish(client, packet, done) {
      const connection = client && connections.get(client);
      if (!connection) return done(null);
      connection.publish({ ...packet }).then(
        () => {
          // Answered already: aedes must neither acknowledge nor keep it.
          packet.qos = 0;
          packet.retain = false;
          done(null);
        },
        (error: unknown) => {
          host.log.error({ err: error }, 'PUBLISH could not be handled');
          done(error instanceof Error ? error : new Error(String(error)));
        },
      );
      return undefined;
    },
  });
  broker.on('clientError', (client, error) => connections.get(client)?.failed(error));
  broker.on('connectionError', (_client, error) =>
    host.log.debug({ cause: error.message }, 'network connection dropped before it was accepted'),
  );
  // Nothing is delivered to devices yet: what was granted need not be remembered.
  broker.on('subscribe', (_subscriptions, client) => {
    internalsOf(client).subscriptions = Object.create(null) as object;
  });

  const full = (): boolean => stopping || pending.size + handshaking.size >= maxPendingSockets;

  function shakeHands(socket: Socket): void {
    const peer = peerAddress(socket);
    if (peer === undefined || full()) {
      socket.destroy();
      return;
    }
    handshaking.set(peer, socket);
    socket.once('close', () => handshaking.delete(peer));
  }

  function accept(socket: Socket): void {
    handshaking.delete(peerAddress(socket) ?? '');
    if (full()) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    pending.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      pending.delete(socket);
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveDelayMs);
    const client = broker.handle(socket);
    connections.set(client, createDeviceConnection(client, host, idleLimitMs));
  }

  const servers: Server[] = [];
  const listening: ListenAddress[] = [];
  try {
    if (options.plain) {
      const server = createServer(accept);
      servers.push(server);
      listening.push(await bind(server, 'mqtt', options.plain, host.log));
    }
    if (options.tls) {
      const { key, cert } = options.tls;
      const server = createTlsServer(
        { key, cert, minVersion: 'TLSv1.2', handshakeTimeout: options.connectTimeoutMs },
        accept,
      );
      server.on('connection', shakeHands);
      server.on('tlsClientError', (error, socket) => {
        host.log.debug({ cause: error.message }, 'TLS handshake failed');
        // One that took too long is told of, and left open.
        socket.destroy();
      });
      servers.push(server);
      listening.push(await bind(server, 'mqtts', options.tls, host.log));
    }
  } catch (error) {
    await closeAll(broker, servers, sockets);
    throw error;
  }

  return {
    listening,
    async stopAccepting() {
      stopping = true;
      for (const server of servers) server.close();
      for (const socket of [...pending, ...handshaking.values()]) socket.destroy();
    },
    close: () => closeAll(broker, servers, sockets),
  };
}

/** Turns of the event loop that sockets get to send what was written to them, e.g. a DISCONNECT, and to close. */
const lingerTurns = 10;

async function closeAll(
  broker: Aedes,
  servers: readonly Server[],
  sockets: ReadonlySet<Socket>,
): Promise<void> {
  for (const server of servers) server.close();
  for (let turn = 0; turn < lingerTurns && sockets.size > 0; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => broker.close(() => resolve()));
}
