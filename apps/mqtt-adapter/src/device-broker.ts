import type { Socket } from 'node:net';
import type { HostContext } from '@rollcall/adapter-kit';
import type { Aedes, AedesOptions, Client } from 'aedes';
import { internalsOf } from './aedes/aedes-internals.ts';
import { checkAedes } from './aedes/check-aedes.ts';
import type { DeviceConnection } from './device-connection.ts';
import { createLeanClients } from './aedes/lean-client.ts';
import { readInTurns } from './aedes/read-in-turns.ts';
import { createSilentBroker } from './aedes/silent-broker.ts';

export interface DeviceBrokerOptions {
  readonly maxPacketBytes: number;
  /** Time within which a network connection must have sent its CONNECT. */
  readonly connectTimeoutMs: number;
  /** Messages of QoS 1 that a device may have unanswered. */
  readonly receiveMaximum: number;
}

/** An aedes that decides nothing: it asks the connection of the device concerned. */
export interface DeviceBroker {
  /** Has aedes speak MQTT on a network connection. What aedes sees there is for the device that `serve` makes. */
  handle(socket: Socket, serve: (client: Client) => DeviceConnection): void;
  /** Takes no CONNECT any more. */
  stopAccepting(): void;
  close(): Promise<void>;
}

/** aedes hands its hooks a client: whose connection that is, stands on it. A weak map of all clients costs each collection of garbage. */
const served = Symbol('served device');

function deviceOf(client: Client & { [served]?: DeviceConnection }): DeviceConnection | undefined {
  return client[served];
}

export async function createDeviceBroker(
  { maxPacketBytes, connectTimeoutMs, receiveMaximum }: DeviceBrokerOptions,
  context: Pick<HostContext, 'failed' | 'log'>,
): Promise<DeviceBroker> {
  let phase: 'accepting' | 'stopping' = 'accepting';

  const broker = await createSilentBroker({
    maximumPacketSize: maxPacketBytes,
    connectTimeout: connectTimeoutMs,
    receiveMaximum,
    // Client ids have a limit of our own, and aedes' answer to it is none for MQTT 5.0.
    maxClientsIdLength: 65_535,
    preConnect(client, packet, done) {
      const goesOn = phase === 'accepting' && deviceOf(client)?.connecting(packet);
      // Where it does not go on, the refusal was written and the socket closes: aedes must not answer too.
      if (goesOn) done(null, true);
    },
    ...hooksOf(context),
  });
  checkAedes(broker);
  tellDevices(broker, context);
  const clientOf = createLeanClients(broker);

  return {
    handle(socket, serve) {
      readInTurns(socket);
      const client: Client & { [served]?: DeviceConnection } = clientOf(socket);
      client[served] = serve(client);
    },
    stopAccepting() {
      phase = 'stopping';
    },
    close: () => new Promise((resolve) => broker.close(() => resolve())),
  };
}

/** What aedes asks before it goes on. */
function hooksOf({
  failed,
}: Pick<HostContext, 'failed'>): Pick<AedesOptions, 'authenticate' | 'authorizePublish'> {
  return {
    authenticate(client, username, password) {
      deviceOf(client)
        ?.authenticate(username, password)
        .catch((error: unknown) => {
          failed('mqtt: connect', error);
          internalsOf(client).conn.destroy();
        });
    },
    authorizePublish(client, packet, done) {
      const device = client && deviceOf(client);
      if (!device) return done(null);
      device
        .publish(packet)
        .then(() => {
          // Answered already: aedes must neither acknowledge nor keep it.
          packet.qos = 0;
          packet.retain = false;
          done(null);
        })
        .catch((error: unknown) => {
          failed('mqtt: publish', error);
          internalsOf(client).conn.destroy();
        });
      return undefined;
    },
  };
}

/** What aedes tells. */
function tellDevices(broker: Aedes, { log }: Pick<HostContext, 'log'>): void {
  broker.on('clientError', (client, error) => deviceOf(client)?.failed(error));
  broker.on('connectionError', (_client, error) =>
    log.debug({ cause: error.message }, 'network connection dropped before it was accepted'),
  );
  // Nothing is delivered to devices yet: nobody needs to remember what was granted.
  broker.on('subscribe', (_subscriptions, client) => {
    internalsOf(client).subscriptions = Object.create(null) as object;
  });
}
