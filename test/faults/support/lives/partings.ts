import { generate, type Packet } from 'mqtt-packet';
import { amqpFrame, amqpWire } from '../device-wire.ts';
import type { Ended, Expected } from './life.ts';

/** How a device leaves that is there. */
export interface Parting {
  readonly script: string;
  readonly how: Ended;
  /** What it says in the end. */
  readonly bytes?: Uint8Array;
  /** What it does with its connection. */
  readonly leaving: 'stays' | 'closes its side' | 'resets';
  readonly expected?: Expected;
}

/** A device leaves in peace, in all the ways that there are. */
function goodbyes(goodbye: Uint8Array, upload: Uint8Array, expected: Expected): readonly Parting[] {
  return [
    { script: 'goodbye', how: 'goodbye', bytes: goodbye, leaving: 'closes its side', expected },
    { script: 'goodbye, and waits', how: 'goodbye', bytes: goodbye, leaving: 'stays', expected },
    {
      script: 'goodbye behind uploads',
      how: 'goodbye',
      bytes: Buffer.concat([upload, upload, goodbye]),
      leaving: 'closes its side',
      expected,
    },
    {
      script: 'goodbye, and talks on',
      how: 'goodbye',
      bytes: Buffer.concat([goodbye, upload]),
      leaving: 'closes its side',
      expected,
    },
    { script: 'goodbye, reset', how: 'goodbye, reset', bytes: goodbye, leaving: 'resets' },
  ];
}

/** A device goes without a word. */
function losses(upload: Uint8Array): readonly Parting[] {
  return [
    { script: 'hung up', how: 'hung up', leaving: 'closes its side', expected: { clean: false } },
    { script: 'hung up behind an upload', how: 'hung up', bytes: upload, leaving: 'closes its side' },
    {
      script: 'hung up within a packet',
      how: 'hung up',
      bytes: upload.subarray(0, upload.length - 1),
      leaving: 'closes its side',
    },
    { script: 'reset', how: 'reset', leaving: 'resets', expected: { clean: false } },
    { script: 'vanished', how: 'vanished', leaving: 'stays', expected: { clean: false } },
    { script: 'vanished after an upload', how: 'vanished', bytes: upload, leaving: 'stays' },
  ];
}

function breaches(all: Readonly<Record<string, Uint8Array>>): readonly Parting[] {
  return Object.entries(all).map(([script, bytes]) => ({
    script: `broke the protocol: ${script}`,
    how: 'broke the protocol',
    bytes,
    leaving: 'stays',
    expected: { clean: false },
  }));
}

function mqttPacket(packet: Packet, protocolVersion: 4 | 5): Uint8Array {
  return generate(packet, { protocolVersion });
}

function publish(topic: string, qos: 0 | 1, version: 4 | 5): Uint8Array {
  const facts = { cmd: 'publish', topic, payload: 'x', dup: false, retain: false } as const;
  return mqttPacket(qos === 0 ? { ...facts, qos } : { ...facts, qos, messageId: 7 }, version);
}

function mqttBreaches(version: 4 | 5): readonly Parting[] {
  return breaches({
    'a packet of type 0': Buffer.from([0, 0]),
    'a second CONNECT': mqttPacket(
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: version,
        clean: true,
        clientId: 'again',
        keepalive: 2,
      },
      version,
    ),
    'a length without end': Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff]),
    'a packet far too large': Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1]),
    'QoS 3': Buffer.from([0x36, 6, 0, 1, 0x61, 0, 1, 0x78]),
    'a SUBSCRIBE of nothing': Buffer.from(version === 5 ? [0x82, 3, 0, 1, 0] : [0x82, 2, 0, 1]),
    'an UNSUBSCRIBE of nothing': Buffer.from(version === 5 ? [0xa2, 3, 0, 1, 0] : [0xa2, 2, 0, 1]),
    'a SUBSCRIBE without its flags': Buffer.from([0x80, 2, 0, 1]),
    'a packet id of 0': rawPublish(0x32, 'telemetry', [0, 0], version),
    'a topic with a wildcard': rawPublish(0x30, 'telemetry/#', [], version),
    'no topic': rawPublish(0x30, '', [], version),
    'a DISCONNECT with flags': Buffer.from([0xe1, 0]),
    ...(version === 5 && { 'an unknown topic alias': Buffer.from([0x30, 7, 0, 0, 3, 0x23, 0, 9, 0x78]) }),
  });
}

/** A PUBLISH that no library would make. */
function rawPublish(head: number, topic: string, messageId: readonly number[], version: 4 | 5): Uint8Array {
  const properties = version === 5 ? [0] : [];
  const body = [0, topic.length, ...Buffer.from(topic), ...messageId, ...properties, 0x78];
  return Uint8Array.of(head, body.length, ...body);
}

function disconnect(reasonCode: number, reasonString?: string): Uint8Array {
  return mqttPacket({ cmd: 'disconnect', reasonCode, properties: reasonString ? { reasonString } : {} }, 5);
}

export const mqttPartings: readonly Parting[] = [
  ...goodbyes(Buffer.from([0xe0, 0]), publish('telemetry', 0, 4), { clean: true }),
  ...losses(publish('telemetry', 0, 4)),
  ...mqttBreaches(4),
  // MQTT 3.1.1 has no other way to refuse a message than to close.
  ...([0, 1] as const).map((qos): Parting => ({
    script: `upload of QoS ${qos} refused`,
    how: 'upload refused',
    bytes: publish('telemetry/acme/nobody', qos, 4),
    leaving: 'stays',
    expected: { clean: false },
  })),
];

export const mqtt5Partings: readonly Parting[] = [
  ...goodbyes(disconnect(0), publish('telemetry', 0, 5), { clean: true, raw: { code: 0 } }),
  ...losses(publish('telemetry', 0, 5)),
  ...mqttBreaches(5),
  {
    script: 'goodbye with its will',
    how: 'goodbye',
    bytes: disconnect(0x04),
    leaving: 'closes its side',
    expected: { clean: false, raw: { code: 0x04 } },
  },
  ...[0x80, 0x81, 0x83, 0x93, 0x99].map((code): Parting => ({
    script: 'goodbye with an error',
    how: 'goodbye',
    bytes: disconnect(code, 'battery low'),
    leaving: 'closes its side',
    expected: { clean: false, raw: { code, text: 'battery low' } },
  })),
];

const amqpClose = 0x18;
const amqpError = 0x1d;

/** An error of a Close (AMQP 1.0 §2.8.14). */
function closeWithError(condition: string, description: string): Uint8Array {
  const fields = Buffer.concat([
    Uint8Array.of(0xa3, condition.length),
    Buffer.from(condition),
    Uint8Array.of(0xa1, description.length),
    Buffer.from(description),
  ]);
  return amqpFrame(
    0,
    amqpClose,
    Buffer.concat([Uint8Array.of(0x00, 0x53, amqpError, 0xc0, fields.length + 1, 2), fields]),
  );
}

export const amqpPartings: readonly Parting[] = [
  ...goodbyes(amqpWire.goodbye, amqpWire.ping, { clean: true }),
  ...losses(amqpWire.ping),
  ...breaches({
    'a frame shorter than its head': Buffer.from([0, 0, 0, 4, 2, 0, 0, 0]),
    'a frame far too large': Buffer.from([0x7f, 0, 0, 0, 2, 0, 0, 0]),
    'a body that is none': Buffer.from([0, 0, 0, 12, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    'a second Open': amqpFrame(0, 0x10, Buffer.from([0xa1, 1, 0x61])),
  }),
  {
    script: 'close with an error',
    how: 'goodbye',
    bytes: closeWithError('amqp:internal-error', 'battery low'),
    leaving: 'closes its side',
    expected: { clean: false, raw: { code: 'amqp:internal-error', text: 'battery low' } },
  },
];

export const templatePartings: readonly Parting[] = [
  ...goodbyes(Buffer.from('bye\n'), Buffer.from('event text/plain x\n'), { clean: true }),
  ...losses(Buffer.from('event text/plain x\n')),
  ...breaches({
    'no command': Buffer.from('nonsense\n'),
    'a second login': Buffer.from('login device-0@acme guess\n'),
    'a line too long': Buffer.alloc(10_000, 'x'),
    'a line that is no text': Buffer.from([0xff, 0xfe, 0x0a]),
    'an upload without a content type': Buffer.from('event \n'),
  }),
];
