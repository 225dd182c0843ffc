import type { AuthenticatedDevice } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { OpenConnection } from '@rollcall/presence';
import type { Client } from 'aedes';
import { endCodes } from './device-answers.ts';
import { DeviceUploads } from './device-uploads.ts';
import { ErrorSubscriptions } from './error-subscriptions.ts';
import type { Hello } from './hello.ts';
import { mqttTracker, type MqttSignal } from './tracker.ts';

/** A device that was let in. */
export interface Session {
  /** Absent: an anonymous device. */
  readonly identity: AuthenticatedDevice | undefined;
  readonly connection: OpenConnection<MqttSignal>;
  readonly uploads: DeviceUploads;
  readonly errors: ErrorSubscriptions;
}

/** A device that may come in. */
export interface AdmittedDevice {
  readonly identity: AuthenticatedDevice | undefined;
  /** Its own, or the one that the server gave it. */
  readonly clientId: string;
  readonly hello: Hello;
  readonly client: Client;
  /** Absent: the socket is gone. */
  readonly remoteAddress: string | undefined;
  readonly receiveMaximum: number;
  onDisconnected(change: DisconnectedChange): void;
}

/** Opens the connection of a device, and makes what serves its packets. Nothing is reported about it yet. */
export function openSession(device: AdmittedDevice, host: AdapterHost): Session {
  const { identity, client, hello, receiveMaximum } = device;
  const connection = openConnection(device, host);
  const errors = new ErrorSubscriptions(identity?.device);
  const uploads = new DeviceUploads({
    client,
    host,
    identity,
    connection,
    addressee: hello.addressee,
    receiveMaximum,
    errors,
  });
  return { identity, connection, uploads, errors };
}

function openConnection(device: AdmittedDevice, { presence }: AdapterHost): OpenConnection<MqttSignal> {
  const { identity, clientId, hello, remoteAddress, onDisconnected } = device;
  const life = { endCauses: endCodes, onDisconnected };
  if (!identity) return presence.openAnonymous(mqttTracker, life);
  const keepAliveSeconds = hello.keepAlive.serverKeepAliveSeconds ?? hello.keepAliveAsked;
  return presence.open(mqttTracker, {
    identity,
    remoteId: clientId,
    slot: clientId,
    ...(keepAliveSeconds > 0 && { keepAliveMs: keepAliveSeconds * 1_000 }),
    protocol: protocolNames[hello.version] ?? 'MQTT 3.1.1',
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...life,
  });
}

/** By protocol level. */
const protocolNames: Readonly<Record<number, string>> = { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5.0' };
