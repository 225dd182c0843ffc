import { once } from 'node:events';
import { settled } from '@rollcall/conformance';
import { generate, parser, type Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { readStrictly } from './strict-parser.ts';
import { givenAPeer } from '../testing/given-a-peer.ts';
import { rawPeer } from '../testing/raw-peer.ts';

const text = (value: string): number[] => [0, value.length, ...Buffer.from(value)];
/** A packet with a body of less than 128 bytes. */
const packet = (first: number, ...body: number[]): Buffer => Buffer.from([first, body.length, ...body]);
const connect = (level: number, flags: number, ...rest: number[]): Buffer =>
  packet(0x10, ...text(level === 3 ? 'MQIsdp' : 'MQTT'), level, flags, 0, 60, ...rest);
const id = [0, 7];

type Row = readonly [what: string, version: 4 | 5, bytes: Buffer, code?: number];

/** Malformed packet, unless a row says otherwise. */
const withCode = (rows: readonly Row[]) =>
  rows.map(([what, version, bytes, code = 0x81]) => [what, version, bytes, code] as const);

/** What comes after a CONNECT that was accepted. */
const afterConnect: readonly Row[] = [
  ['a PUBLISH without packet id', 4, packet(0x32, ...text('event'))],
  ['a PUBLISH without packet id', 5, packet(0x32, ...text('event'))],
  [
    'a PUBLISH whose packet id is in the next packet',
    4,
    Buffer.concat([packet(0x32, ...text('event')), packet(0xc0)]),
  ],
  ['a PUBLISH with packet id 0', 4, packet(0x32, ...text('event'), 0, 0, 1)],
  ['a PUBLISH with packet id 0', 5, packet(0x32, ...text('event'), 0, 0, 0, 1), 0x82],
  ['a PUBLISH of QoS 3', 5, packet(0x36, ...text('event'), ...id, 0, 1)],
  ['a PUBLISH of QoS 0 with DUP', 4, packet(0x38, ...text('t'), 1)],
  ['a PUBLISH of QoS 0 with DUP', 5, packet(0x38, ...text('t'), 0, 1)],
  ['a PUBLISH without the length of its properties', 5, packet(0x32, ...text('event'), ...id)],
  ['properties beyond their packet', 5, packet(0x32, ...text('event'), ...id, 9, 2)],
  ['a property that ends too late', 5, packet(0x32, ...text('event'), ...id, 2, 2, 0, 0, 0, 1)],
  ['a length in more bytes than it needs', 5, packet(0x32, ...text('event'), ...id, 0x80, 0, 1)],
  ['a property that nobody knows', 5, packet(0x32, ...text('event'), ...id, 2, 0x7e, 0, 1)],
  ['a property of another packet', 5, packet(0x32, ...text('event'), ...id, 3, 0x21, 0, 9, 1)],
  ['a property of the server', 5, packet(0x32, ...text('event'), ...id, 2, 0x24, 1, 1)],
  ['a property twice', 5, packet(0x32, ...text('event'), ...id, 4, 1, 1, 1, 1, 1), 0x82],
  ['a property twice, first 0', 5, packet(0x32, ...text('event'), ...id, 4, 1, 0, 1, 0, 1), 0x82],
  ['a property twice, first empty', 5, packet(0x32, ...text('event'), ...id, 6, 3, 0, 0, 3, 0, 0, 1), 0x82],
  ['a flag that is 2', 5, packet(0x32, ...text('event'), ...id, 2, 1, 2, 1), 0x82],
  ['a user property without value', 5, packet(0x32, ...text('event'), ...id, 4, 0x26, ...text('a'), 1)],
  ['a Subscription Identifier of 0', 5, packet(0x82, ...id, 2, 0x0b, 0, ...text('error///#'), 0), 0x82],
  ['a SUBSCRIBE with packet id 0', 4, packet(0x82, 0, 0, ...text('error///#'), 0)],
  ['a SUBSCRIBE with reserved bits', 4, packet(0x82, ...id, ...text('error///#'), 4)],
  ['a SUBSCRIBE with reserved bits', 5, packet(0x82, ...id, 0, ...text('error///#'), 0x40)],
  ['a SUBSCRIBE with other flags', 4, packet(0x80, ...id, ...text('error///#'), 0)],
  ['a SUBSCRIBE without filter', 4, packet(0x82, ...id)],
  ['a SUBSCRIBE whose filter does not end', 4, packet(0x82, ...id, 0, 9, 1)],
  ['an UNSUBSCRIBE with packet id 0', 4, packet(0xa2, 0, 0, ...text('error///#'))],
  ['an UNSUBSCRIBE without filter', 5, packet(0xa2, ...id, 0), 0x82],
  ['a PINGREQ with a body', 4, packet(0xc0, 1)],
  ['a PINGREQ with a body', 5, packet(0xc0, 1)],
  ['a PINGREQ with flags', 4, packet(0xc1)],
  ['a PUBREL with other flags', 4, packet(0x60, ...id)],
  ['a PUBREL that is too long', 4, packet(0x62, ...id, 0)],
  ['a PUBREL without packet id', 4, packet(0x62)],
  ['a PUBACK that is too short', 4, packet(0x40, 0)],
  ['a PUBACK with bytes behind its properties', 5, packet(0x40, ...id, 0, 0, 1)],
];

test.each([
  ['a PUBLISH without a topic', { topic: '' }, 0x82],
  ['a PUBLISH with a wildcard', { topic: 'event/+' }, 0x90],
  ['a PUBLISH with another wildcard', { topic: 'event/#' }, 0x90],
  ['a Response Topic with a wildcard', { topic: 'event', properties: { responseTopic: 'a/#' } }, 0x90],
  ['a topic of too many levels', { topic: `event${'/'.repeat(100)}` }, 0x90],
  ['a Topic Alias', { topic: 'event', properties: { topicAlias: 1 } }, 0x94],
  ['a Topic Alias and no topic', { topic: '', properties: { topicAlias: 1 } }, 0x94],
])('%s closes the connection, and MQTT 5.0 hears why', async (_what, facts, code) => {
  for (const version of 'properties' in facts ? ([5] as const) : ([4, 5] as const)) {
    const { peer, publish, events, sender } = await givenAPeer(version);
    publish(facts.topic, facts);
    if (version === 5) expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: code });
    await peer.closed();
    expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code } });
    expect(sender.messages).toEqual([]);
  }
});

test.each(['a#', 'a/b#/c', '#/a', 'a+', '+a', 'a/+#', `a${'/'.repeat(99)}`])(
  'the filter %s, which cannot be, closes the connection, and MQTT 5.0 hears why',
  async (topic) => {
    const packets: readonly Packet[] = [
      { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] },
      { cmd: 'unsubscribe', messageId: 1, unsubscriptions: [topic] },
    ];
    for (const version of [4, 5] as const)
      for (const said of packets) {
        const { peer, events } = await givenAPeer(version);
        peer.send(said);
        if (version === 5) expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8f });
        await peer.closed();
        expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0x8f } });
      }
  },
);

test.each([0x82, 0xa2])('an empty filter in a packet of type %i closes the connection', async (type) => {
  const { peer, events } = await givenAPeer(5);
  const options = type === 0x82 ? [0] : [];
  peer.socket.write(packet(type, 0, 1, 0, ...text(''), ...options));
  expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
  await peer.closed();
  expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error' });
});

test.each(withCode(afterConnect))(
  '%s (version %i) closes the connection, and nothing is uploaded',
  async (_what, version, bytes, code) => {
    const { peer, events, sender } = await givenAPeer(version);
    peer.socket.write(bytes);
    if (version === 5) expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: code });
    await peer.closed();
    const [, end] = await events(2);
    expect(end).toMatchObject({ reason: 'protocol-error', ...(version === 5 && { raw: { code } }) });
    await settled();
    expect(sender.messages).toEqual([]);
  },
);

const v5 = [0, ...text('unit-1')];
const connects: readonly Row[] = [
  ['a Will of QoS 3', 4, connect(4, 0x1e, ...text('unit-1'), ...text('w'), ...text('gone'))],
  ['a Will of QoS 3', 5, connect(5, 0x1e, ...v5, 0, ...text('w'), ...text('gone'))],
  ['the QoS of a Will without a Will', 4, connect(4, 0x0a, ...text('unit-1'))],
  ['the reserved bit', 4, connect(4, 0x03, ...text('unit-1'))],
  ['bytes behind the end', 4, connect(4, 0x02, ...text('unit-1'), 1)],
  ['bytes behind the end', 5, connect(5, 0x02, ...v5, 1)],
  ['a password without a user name', 4, connect(4, 0x42, ...text('unit-1'), ...text('x'))],
  ['a user name that is not there', 4, connect(4, 0x82, ...text('unit-1'))],
  ['the bit of a bridge', 4, connect(0x84, 0x02, ...text('unit-1'))],
  [
    'the name of MQTT 3.1 and another level',
    4,
    packet(0x10, ...text('MQIsdp'), 4, 2, 0, 60, ...text('unit-1')),
  ],
  ['a property twice', 5, connect(5, 0x02, 10, 0x11, 0, 0, 0, 0, 0x11, 0, 0, 0, 0, ...text('unit-1')), 0x82],
  ['a Receive Maximum of 0', 5, connect(5, 0x02, 3, 0x21, 0, 0, ...text('unit-1')), 0x82],
  ['a Maximum Packet Size of 0', 5, connect(5, 0x02, 5, 0x27, 0, 0, 0, 0, ...text('unit-1')), 0x82],
  ['a flag that is 2', 5, connect(5, 0x02, 2, 0x17, 2, ...text('unit-1')), 0x82],
  ['a property of a Will outside it', 5, connect(5, 0x02, 5, 0x18, 0, 0, 0, 1, ...text('unit-1'))],
  [
    'a property of a CONNECT in a Will',
    5,
    connect(5, 0x06, ...v5, 3, 0x21, 0, 9, ...text('w'), ...text('gone')),
  ],
];

test.each(withCode(connects))(
  'a CONNECT with %s (version %i) is refused, and has no event',
  async (_what, version, bytes, code) => {
    const { address, sink } = await givenAPeer(4, { connect: { clientId: 'other' } });
    const peer = rawPeer(address.port, version);
    peer.socket.write(bytes);
    if (version === 5) expect(await peer.next()).toMatchObject({ cmd: 'connack', reasonCode: code });
    await peer.closed();
    expect(sink.events).toHaveLength(1);
  },
);

test.each([0, 2, 6, 127])('a CONNECT of level %i hears that this version is not spoken', async (level) => {
  const { address, sink } = await givenAPeer(4, { connect: { clientId: 'other' } });
  const peer = rawPeer(address.port, 4);
  peer.socket.write(connect(level, 0x02, ...text('unit-1')));
  expect(await peer.next()).toMatchObject({ cmd: 'connack', returnCode: 0x01 });
  await peer.closed();
  expect(sink.events).toHaveLength(1);
});

describe('well-formed packets are read as mqtt-packet reads them', () => {
  const will = { topic: 'w', payload: Buffer.from('gone'), qos: 2, retain: true } as const;
  const good: readonly (readonly [version: 4 | 5, packet: Packet])[] = [
    [
      4,
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: 'a',
        keepalive: 1,
        will,
      },
    ],
    [
      5,
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        clientId: 'a',
        keepalive: 1,
        properties: {
          receiveMaximum: 9,
          requestProblemInformation: false,
          userProperties: { a: ['1', '2'], b: '' },
        },
        will: { ...will, properties: { willDelayInterval: 3, payloadFormatIndicator: true } },
      },
    ],
    [
      5,
      {
        cmd: 'publish',
        topic: 'event',
        payload: Buffer.from('x'),
        qos: 1,
        messageId: 3,
        dup: true,
        retain: true,
        properties: {
          payloadFormatIndicator: false,
          messageExpiryInterval: 4_000_000_000,
          contentType: '',
          responseTopic: 'r',
          correlationData: Buffer.from([1]),
          topicAlias: 1,
          userProperties: { __proto__: 'x', long: 'y'.repeat(200) },
        },
      },
    ],
    [
      5,
      {
        cmd: 'subscribe',
        messageId: 1,
        properties: { subscriptionIdentifier: 300 },
        subscriptions: [{ topic: 'a', qos: 1, nl: true, rap: true, rh: 2 }],
      },
    ],
    [
      5,
      {
        cmd: 'unsubscribe',
        messageId: 1,
        properties: { userProperties: { a: 'b' } },
        unsubscriptions: ['a', 'b'],
      },
    ],
    [5, { cmd: 'puback', messageId: 1, reasonCode: 0x80, properties: { reasonString: 'why' } }],
    [5, { cmd: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 5, reasonString: 'why' } }],
    [4, { cmd: 'disconnect' }],
    [4, { cmd: 'pingreq' }],
    [4, { cmd: 'pubrel', messageId: 1 }],
  ];

  test.each(good)('version %i: %j', async (version, sent) => {
    const bytes = Buffer.concat([
      generate(sent, { protocolVersion: version }),
      generate({ cmd: 'pingreq' }, { protocolVersion: version }),
    ]);
    const lenient = parser({ protocolVersion: version });
    const strict = parser({ protocolVersion: version });
    readStrictly(strict);
    const read = [lenient, strict].map((reader) => once(reader, 'packet'));
    lenient.parse(bytes);
    strict.parse(bytes);
    const [[before], [after]] = (await Promise.all(read)) as [[Packet], [Packet]];
    expect(after).toEqual(before);
  });

  test.each([[], [0], [0, 0]])('a DISCONNECT of MQTT 5.0 may leave out its last fields', async (...body) => {
    const { peer, events } = await givenAPeer(5);
    peer.socket.write(packet(0xe0, ...body));
    expect((await events(2))[1]).toMatchObject({ reason: 'client-closed', clean: true });
  });
});

test('a packet that arrives byte by byte is kept in few pieces, and read in one', () => {
  const reader = parser({ protocolVersion: 5 });
  readStrictly(reader);
  const inside = reader as unknown as {
    readonly _list: { readonly _bufs: readonly Uint8Array[] };
    _parseConnect(): void;
  };
  const read: number[] = [];
  const parseConnect = inside._parseConnect.bind(reader);
  inside._parseConnect = () => {
    read.push(inside._list._bufs.length);
    parseConnect();
  };
  const packets: Packet[] = [];
  reader.on('packet', (each) => packets.push(each));
  const userProperties = { a: Array.from({ length: 300 }, () => 'b') };
  const hello: Packet = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clientId: 'unit-1',
    properties: { userProperties },
  };
  let most = 0;
  for (const byte of generate(hello, { protocolVersion: 5 })) {
    reader.parse(Buffer.from([byte]));
    most = Math.max(most, inside._list._bufs.length);
  }
  expect(packets).toMatchObject([{ clientId: 'unit-1', properties: { userProperties } }]);
  expect(read).toEqual([1]);
  expect(most).toBeLessThanOrEqual(64);
});
