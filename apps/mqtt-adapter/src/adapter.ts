import {
  listenForSockets,
  type AdapterHost,
  type Listeners,
  type ProtocolAdapter,
  type RunningProtocol,
  type SocketPlace,
} from '@rollcall/adapter-kit';
import type { Aedes, Client } from 'aedes';
import { internalsOf, serveHalfOpen, stopKeepAliveTimer } from './aedes-internals.ts';
import { createDeviceConnection, type DeviceConnection } from './device-connection.ts';
import { tcpKeepAliveDelayMs } from './liveness.ts';
import { readInTurns } from './read-in-turns.ts';
import { createSilentBroker } from './silent-broker.ts';

export interface MqttAdapterOptions extends Listeners {
  readonly maxPayloadBytes: number;
  /** Time within which a network connection must have sent its CONNECT. */
  readonly connectTimeoutMs: number;
  /** See `keepAliveFor`. */
  readonly idleLimitMs: number;
  /** Messages of QoS 1 that a device may have unanswered; default 100. */
  readonly receiveMaximum?: number;
  /** Network connections that have not been accepted yet, at most. */
  readonly maxPendingSockets: number;
  /** TLS handshakes under way, at most. */
  readonly maxHandshakes?: number;
}

/** Room for the topic and the properties of a PUBLISH beside its payload, as Hono grants it (`docs/hono-compatibility.md` §7). */
const packetOverheadBytes = 128;

/** MQTT 3.1.1 and 5.0 devices. What they do is decided in `tracker.ts`; here is who listens, and what is wired to what. */
export function createMqttAdapter(options: MqttAdapterOptions): ProtocolAdapter {
  return { type: 'hono-mqtt', start: (host) => startMqtt(options, host) };
}

async function startMqtt(options: MqttAdapterOptions, host: AdapterHost): Promise<RunningProtocol> {
  const { idleLimitMs, receiveMaximum = 100 } = options;
  const connections = new WeakMap<Client, DeviceConnection>();
  const places = new WeakMap<Client, SocketPlace>();
  const maxPacketBytes = options.maxPayloadBytes + packetOverheadBytes;
  let stopping = false;

  const broker = await createSilentBroker({
    maximumPacketSize: maxPacketBytes,
    connectTimeout: options.connectTimeoutMs,
    receiveMaximum,
    // Client ids have a limit of our own, and aedes' answer to it is none for MQTT 5.0.
    maxClientsIdLength: 65_535,
    preConnect(client, packet, done) {
      const goesOn = !stopping && connections.get(client)?.connecting(packet);
      // Where it does not go on, the refusal was written and the socket closes: aedes must not answer too.
      if (goesOn) done(null, true);
    },
    authenticate(client, username, password, done) {
      const connection = connections.get(client);
      // From now on it waits for us.
      places.get(client)?.stand('busy');
      connection
        ?.authenticate(username, password)
        .then((accepted) => {
          if (!accepted) return;
          places.get(client)?.accepted();
          done(null, true);
        })
        .catch((error: unknown) => {
          host.context.failed('mqtt: connect', error);
          internalsOf(client).conn.destroy();
        });
    },
    authorizePublish(client, packet, done) {
      const connection = client && connections.get(client);
      if (!connection) return done(null);
      connection
        .publish({ ...packet })
        .then(() => {
          // Answered already: aedes must neither acknowledge nor keep it.
          packet.qos = 0;
          packet.retain = false;
          done(null);
        })
        .catch((error: unknown) => {
          host.context.failed('mqtt: publish', error);
          internalsOf(client).conn.destroy();
        });
      return undefined;
    },
  });
  broker.on('clientError', (client, error) => connections.get(client)?.failed(error));
  broker.on('connectionError', (_client, error) =>
    host.context.log.debug({ cause: error.message }, 'network connection dropped before it was accepted'),
  );
  broker.on('clientReady', (client) => {
    stopKeepAliveTimer(client);
    connections.get(client)?.ready();
  });
  // Nothing is delivered to devices yet: what was granted need not be remembered.
  broker.on('subscribe', (_subscriptions, client) => {
    internalsOf(client).subscriptions = Object.create(null) as object;
  });

  try {
    const server = await listenForSockets({
      scheme: 'mqtt',
      listeners: options,
      handshakeTimeoutMs: options.connectTimeoutMs,
      maxPendingSockets: options.maxPendingSockets,
      ...(options.maxHandshakes !== undefined && { maxHandshakes: options.maxHandshakes }),
      // What a device said before it closed its side is served to the end.
      allowHalfOpen: true,
      context: host.context,
      serve(socket, place) {
        socket.setKeepAlive(true, tcpKeepAliveDelayMs);
        readInTurns(socket);
        const before = socket.listeners('end');
        const client = broker.handle(socket);
        serveHalfOpen(client, before);
        places.set(client, place);
        connections.set(
          client,
          createDeviceConnection(client, host, { idleLimitMs, receiveMaximum, maxPacketBytes }),
        );
      },
    });
    return {
      listening: server.listening,
      async stopAccepting() {
        stopping = true;
        await server.stopAccepting();
      },
      async close() {
        await server.close();
        await closeBroker(broker);
      },
    };
  } catch (error) {
    await closeBroker(broker);
    throw error;
  }
}

function closeBroker(broker: Aedes): Promise<void> {
  return new Promise((resolve) => broker.close(() => resolve()));
}
