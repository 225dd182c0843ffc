import { once } from 'node:events';
import { connect } from 'node:net';
import { expectPrintableMetrics, expectUnharmed, watchConsole } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { illFormedUtf8, nastyStrings } from '@rollcall/conformance/hostile';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { generate, parser, type Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { createMqttAdapter } from './adapter.ts';

/** Stands where a string will be, in packets that a library writes: as long as the bytes that replace it. */
const placeholderOf = (bytes: Uint8Array): string => '@'.repeat(bytes.length);

function replaced(packet: Packet, version: 4 | 5, bytes: Uint8Array): Buffer {
  const written = generate(packet, { protocolVersion: version });
  const at = written.indexOf(placeholderOf(bytes));
  expect(at).toBeGreaterThan(0);
  written.set(bytes, at);
  return written;
}

const connectPacket = (version: 4 | 5, facts: object = {}) =>
  ({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: version,
    clean: true,
    clientId: 'unit-1',
    keepalive: 60,
    username: 'thermostat-7@acme',
    password: Buffer.from(scriptedPassword),
    ...facts,
  }) as Packet;

/** Every field of every packet that holds a string; the packet comes first, or after a CONNECT. */
const fields: readonly (readonly [what: string, packet: (text: string, version: 4 | 5) => Packet, v5?: 5])[] =
  [
    ['a client id', (text, version) => connectPacket(version, { clientId: text })],
    ['a user name', (text, version) => connectPacket(version, { username: text })],
    [
      'the topic of a will',
      (text, version) =>
        connectPacket(version, { will: { topic: text, payload: '', qos: 0, retain: false } }),
    ],
    [
      'a user property',
      (text, version) => connectPacket(version, { properties: { userProperties: { a: text } } }),
      5,
    ],
    [
      'an authentication method',
      (text, version) => connectPacket(version, { properties: { authenticationMethod: text } }),
      5,
    ],
    ['a topic', (text) => publish(text)],
    ['a property bag', (text) => publish(`event/?content-type=${text}`)],
    ['a content type', (text) => publish('event', { contentType: text }), 5],
    ['a response topic', (text) => publish('event', { responseTopic: text }), 5],
    ['a filter', (text) => ({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: text, qos: 0 }] })],
    ['a filter given up', (text) => ({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: [text] })],
    ['a reason', (text) => ({ cmd: 'disconnect', reasonCode: 0, properties: { reasonString: text } }), 5],
  ];

function publish(topic: string, properties: object = {}): Packet {
  return { cmd: 'publish', topic, payload: 'x', qos: 1, messageId: 7, dup: false, retain: false, properties };
}

async function givenAnAdapter(): Promise<AdapterInTest> {
  const listener = { host: '127.0.0.1', port: 0 };
  return startForTest(
    createMqttAdapter({
      plain: listener,
      maxPayloadBytes: 2_048,
      authenticationRequired: true,
      connectTimeoutMs: 5_000,
      maxPendingSockets: 1_000,
      idleLimitMs: 60_000,
    }),
    { settings: { health: listener } },
  );
}

/** Says something after a CONNECT that is accepted, or first; resolves with whether the adapter goes on. */
async function say(
  { address }: AdapterInTest,
  version: 4 | 5,
  packet: Packet,
  bytes: Uint8Array,
): Promise<boolean> {
  const socket = connect(address.port, '127.0.0.1');
  socket.on('error', () => {});
  const answers: Packet[] = [];
  const incoming = parser({ protocolVersion: version });
  incoming.on('packet', (answer) => answers.push(answer));
  socket.on('data', (chunk) => incoming.parse(chunk));
  const closed = once(socket, 'close').then(() => false);
  if (packet.cmd !== 'connect') socket.write(generate(connectPacket(version), { protocolVersion: version }));
  socket.write(replaced(packet, version, bytes));
  if (packet.cmd === 'disconnect') socket.end();
  else socket.write(generate({ cmd: 'pingreq' }, { protocolVersion: version }));
  const pinged = (async () => {
    while (!answers.some(({ cmd }) => cmd === 'pingresp')) await once(incoming, 'packet');
    return true;
  })();
  const goesOn = await Promise.race([closed, pinged]);
  socket.destroy();
  return goesOn;
}

const versions = [
  ['3.1.1', 4],
  ['5.0', 5],
] as const;
const cases = versions.flatMap(([name, version]) =>
  fields
    .filter(([, , only]) => only === undefined || only === version)
    .map(([what, packet]) => [what, name, version, packet] as const),
);

test.each(cases)('any text as %s of MQTT %s does no harm', async (what, _name, version, packet) => {
  const expectNothingPrinted = watchConsole();
  const adapter = await givenAnAdapter();
  const outcomes = new Map<string, boolean>();
  for (const text of Object.values(nastyStrings)) {
    const bytes = Buffer.from(text);
    const goesOn = await say(adapter, version, packet(placeholderOf(bytes), version), bytes);
    outcomes.set(text, goesOn);
  }
  await expectPrintableMetrics(adapter);
  await adapter.running.stop({ graceMs: 0 });
  expectUnharmed(adapter);
  expectNothingPrinted();
  // U+0000 must not be in a string [MQTT-1.5.4-2]; the rest may be in a client id.
  const expected = new Map(
    [...outcomes].map(([text, goesOn]) => [text, !text.includes('\0') && (goesOn || what === 'a client id')]),
  );
  expect(outcomes).toEqual(expected);
});

test.each(cases)(
  'bytes that are not UTF-8 as %s of MQTT %s make the packet malformed',
  async (_what, _name, version, packet) => {
    const adapter = await givenAnAdapter();
    for (const bytes of Object.values(illFormedUtf8))
      expect(await say(adapter, version, packet(placeholderOf(bytes), version), bytes)).toBe(false);
    await settled();
    const ended = adapter.sink.events.filter((event) => event.type === 'disconnected');
    expect(ended.filter(({ reason }) => reason !== 'protocol-error')).toEqual([]);
    await adapter.running.stop({ graceMs: 0 });
    expectUnharmed(adapter);
  },
);

test('a device with a malformed CONNECT gets a reason code with MQTT 5.0, and no answer with 3.1.1', async () => {
  const adapter = await givenAnAdapter();
  const heard = async (version: 4 | 5): Promise<readonly Packet[]> => {
    const bytes = Buffer.from('a\0b');
    const socket = connect(adapter.address.port, '127.0.0.1');
    socket.on('error', () => {});
    const answers: Packet[] = [];
    const incoming = parser({ protocolVersion: version });
    incoming.on('packet', (answer) => answers.push(answer));
    socket.on('data', (chunk) => incoming.parse(chunk));
    socket.write(replaced(connectPacket(version, { clientId: placeholderOf(bytes) }), version, bytes));
    await once(socket, 'close');
    return answers;
  };
  expect(await heard(4)).toEqual([]);
  expect(await heard(5)).toMatchObject([{ cmd: 'connack', reasonCode: 0x81 }]);
  await adapter.running.stop({ graceMs: 0 });
  expectUnharmed(adapter);
});

test('text with a replacement character is accepted as any other', async () => {
  const adapter = await givenAnAdapter();
  const bytes = Buffer.from('a\uFFFDb');
  expect(await say(adapter, 5, connectPacket(5, { clientId: placeholderOf(bytes) }), bytes)).toBe(true);
  expect((await adapter.events(1))[0]).toMatchObject({ remoteId: 'a\uFFFDb' });
  await adapter.running.stop({ graceMs: 0 });
});

test.each([
  ['as a user name', Buffer.from(`thermostat-7@acme:${scriptedPassword}`).toString('base64'), 'anything'],
  ['in the clear', `thermostat-7@acme:${scriptedPassword}`, 'anything'],
  ['in the clear, alone', `nobody@acme:${scriptedPassword}`, ''],
  ['in Base64, alone', Buffer.from(`nobody@acme:${scriptedPassword}`).toString('base64'), ''],
  [
    'in Base64, as a whole',
    Buffer.from(`thermostat-7@acme:${scriptedPassword}@acme`).toString('base64'),
    'x',
  ],
])('a password that is written into the user name is not logged (%s)', async (_how, username, password) => {
  const adapter = await givenAnAdapter();
  const socket = connect(adapter.address.port, '127.0.0.1');
  socket.write(generate(connectPacket(4, { username, password: Buffer.from(password) })));
  await once(socket.resume(), 'close');
  const logged = JSON.stringify(adapter.logged);
  expect(logged).toContain('device refused');
  expect(logged).not.toContain(scriptedPassword);
  expect(logged).not.toContain(username);
  await adapter.running.stop({ graceMs: 0 });
});
