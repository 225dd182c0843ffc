import { generate, type Packet } from 'mqtt-packet';
import { amqpWire, mqttWireFor, soleAmqpWire, type DeviceWire } from '../device-wire.ts';
import { templateWire, type SpeakingProtocol } from '../speaking-device.ts';
import { behindGateways } from '../stage.ts';
import { amqpPartings, mqtt5Partings, mqttPartings, templatePartings, type Parting } from './partings.ts';

export type SessionProtocol = Extract<SpeakingProtocol, 'mqtt' | 'amqp' | 'template'>;

/** What the devices of one kind say. */
export interface Dialect {
  readonly name: string;
  readonly protocol: SessionProtocol;
  readonly wire: DeviceWire;
  /** Whether what follows an acceptance says that it was none. */
  takesBack?(bytes: Buffer): boolean;
  /** What the device says while it is there, besides that it is; each has an answer, or none. */
  readonly talk: readonly Uint8Array[];
  /** Bytes that begin something, and never end it. */
  readonly drip: { readonly first: Uint8Array; readonly next: Uint8Array };
  /** What may follow the login before it was answered. */
  readonly hasty: Uint8Array;
  readonly partings: readonly Parting[];
  /** Whether a device that connects again ends what it has. */
  readonly takesOver: boolean;
}

function publish(topic: string, qos: 0 | 1, protocolVersion: 4 | 5): Uint8Array {
  const packet: Packet = {
    cmd: 'publish',
    topic,
    payload: 'x',
    qos,
    dup: false,
    retain: false,
    ...(qos > 0 && { messageId: 1 }),
  };
  return generate(packet, { protocolVersion });
}

const subscribe = (protocolVersion: 4 | 5): Uint8Array =>
  generate(
    { cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'command/+/+/req/#', qos: 0 }] },
    { protocolVersion },
  );

// For another device, which gets no events by that: an upload takes its time while the network is away.
const forAnother = `event/acme/${behindGateways}`;
/** A PUBLISH of a hundred bytes, of which the first come. */
const mqttDrip = { first: Buffer.from([0x30, 100, 0, 20]), next: Buffer.from('x') };

const mqtt: Dialect = {
  name: 'mqtt 3.1.1',
  protocol: 'mqtt',
  wire: mqttWireFor(2),
  talk: [publish(forAnother, 1, 4), publish('telemetry', 0, 4), subscribe(4)],
  drip: mqttDrip,
  hasty: publish(forAnother, 1, 4),
  partings: mqttPartings,
  takesOver: true,
};

/** With a will and a session that it wants kept. */
const mqtt5Wire: DeviceWire = {
  ...mqtt.wire,
  connect: ({ username, password, remoteId }) =>
    generate(
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: false,
        clientId: remoteId,
        keepalive: 2,
        username,
        password: Buffer.from(password),
        properties: { sessionExpiryInterval: 3_600 },
        will: { topic: 'event', payload: Buffer.from('gone'), qos: 1, retain: false, properties: {} },
      },
      { protocolVersion: 5 },
    ),
};

const mqtt5: Dialect = {
  ...mqtt,
  name: 'mqtt 5.0',
  wire: mqtt5Wire,
  talk: [
    publish(forAnother, 1, 5),
    publish('telemetry', 0, 5),
    subscribe(5),
    // Refused by a PUBACK: the device stays.
    publish('telemetry/acme/nobody', 1, 5),
    publish('event/umbrella/device-1', 1, 5),
    publish('nonsense', 1, 5),
  ],
  hasty: publish(forAnother, 1, 5),
  partings: mqtt5Partings,
};

const amqp: Dialect = {
  name: 'amqp',
  protocol: 'amqp',
  wire: amqpWire,
  // A refusal has an Open before it (AMQP 1.0 §2.4.1), and may come in a packet of its own.
  takesBack: (bytes) => /disabled|not registered|maximum number/.test(bytes.toString('latin1')),
  talk: [amqpWire.ping],
  drip: { first: Buffer.from([0, 0, 1, 0, 2, 0, 0, 0]), next: Buffer.from([0]) },
  hasty: amqpWire.ping,
  partings: amqpPartings,
  takesOver: false,
};

/** The only connection of its container: it takes over. */
const soleAmqp: Dialect = { ...amqp, name: 'amqp, sole', wire: soleAmqpWire, takesOver: true };

const template: Dialect = {
  name: 'template',
  protocol: 'template',
  wire: templateWire,
  talk: [Buffer.from('event text/plain x\n'), Buffer.from('telemetry text/plain x\n')],
  drip: { first: Buffer.from('event text/plain '), next: Buffer.from('x') },
  hasty: Buffer.from('event text/plain x\n'),
  partings: templatePartings,
  takesOver: false,
};

/** Of each protocol; its devices speak them by turns. */
export const dialects: Readonly<Record<SessionProtocol, readonly Dialect[]>> = {
  mqtt: [mqtt, mqtt5],
  amqp: [amqp, soleAmqp],
  template: [template],
};
