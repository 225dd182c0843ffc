import { generate } from 'mqtt-packet';

const connack = 0x20;

/** What a device of the fleet says who connects. */
interface Introduction {
  /** `auth-id@tenant`. */
  readonly username: string;
  readonly password: string;
  readonly remoteId: string;
}

/** The bytes of a protocol that the fleet needs: no library stands between a fault and what the device saw of it. */
export interface DeviceWire {
  connect(introduction: Introduction): Uint8Array;
  /** What all bytes so far say about that; `undefined`: nothing yet. */
  readAnswer(bytes: Buffer): 'accepted' | 'refused' | undefined;
  readonly goodbye: Uint8Array;
  readonly ping: Uint8Array;
}

/** MQTT 3.1.1, with a keep-alive that no test waits for. */
export const mqttWire = mqttWireFor(600);

/** MQTT 3.1.1. */
export function mqttWireFor(keepAliveSeconds: number): DeviceWire {
  return {
    connect: ({ username, password, remoteId }) =>
      generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: remoteId,
        keepalive: keepAliveSeconds,
        username,
        password: Buffer.from(password),
      }),
    readAnswer(bytes) {
      if (bytes.length < 4) return undefined;
      return bytes[0] === connack && bytes[3] === 0 ? 'accepted' : 'refused';
    },
    goodbye: Buffer.from([0xe0, 0]),
    ping: Buffer.from([0xc0, 0]),
  };
}

const descriptors = { open: 0x10, begin: 0x11, close: 0x18, saslInit: 0x41 } as const;

/** AMQP 1.0, all at once: a client need not wait for SASL. */
export const amqpWire = amqpWireOf();

/** One that wants to be the only connection of its container. */
export const soleAmqpWire = amqpWireOf(
  // Of the other fields of an Open there are none (AMQP 1.0 §2.7.1).
  ...Array.from({ length: 7 }, () => Uint8Array.of(0x40)),
  field(0xa3, 'sole-connection-for-container'),
);

function amqpWireOf(...openFields: readonly Uint8Array[]): DeviceWire {
  return {
    connect: ({ username, password, remoteId }) =>
      Buffer.concat([
        Buffer.from('AMQP\x03\x01\x00\x00', 'latin1'),
        amqpFrame(1, descriptors.saslInit, field(0xa3, 'PLAIN'), field(0xa0, `\0${username}\0${password}`)),
        Buffer.from('AMQP\x00\x01\x00\x00', 'latin1'),
        amqpFrame(0, descriptors.open, field(0xa1, remoteId), ...openFields),
      ]),
    readAnswer(bytes) {
      const performatives = performativesIn(bytes);
      // A refusal is told once the connection is open (AMQP 1.0 §2.4.1).
      if (performatives.includes(descriptors.close)) return 'refused';
      return performatives.includes(descriptors.open) ? 'accepted' : undefined;
    },
    goodbye: amqpFrame(0, descriptors.close),
    // A frame of nothing (AMQP 1.0 §2.4.5).
    ping: Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]),
  };
}

/** A session, whose answer follows a Close that refuses the connection (AMQP 1.0 §2.7.2). */
export const amqpBegin = amqpFrame(
  0,
  descriptors.begin,
  ...[Uint8Array.of(0x40), Uint8Array.of(0x43), Uint8Array.of(0x52, 1), Uint8Array.of(0x52, 1)],
);

/** Whether the session was answered. */
export function hasBegun(bytes: Buffer): boolean {
  return performativesIn(bytes).includes(descriptors.begin);
}

/** Of all frames so far. */
function performativesIn(bytes: Buffer): readonly (number | undefined)[] {
  const performatives: (number | undefined)[] = [];
  for (let at = 0; at + 11 <= bytes.length;) {
    const isHeader = bytes.toString('latin1', at, at + 4) === 'AMQP';
    if (!isHeader) performatives.push(bytes[at + 10]);
    at += isHeader ? 8 : bytes.readUInt32BE(at);
  }
  return performatives;
}

function field(constructor: number, text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Uint8Array.of(constructor, bytes.length), bytes]);
}

export function amqpFrame(type: number, descriptor: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(fields);
  const body = Buffer.concat([
    Uint8Array.of(0x00, 0x53, descriptor, 0xc0, content.length + 1, fields.length),
    content,
  ]);
  return Buffer.concat([Uint8Array.of(0, 0, 0, body.length + 8, 2, type, 0, 0), body]);
}
