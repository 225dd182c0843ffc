import { once } from 'node:events';
import { connect } from 'node:net';
import { expectPrintableMetrics, expectUnharmed, watchConsole } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { harmWithin, nastyStrings } from '@rollcall/conformance/hostile';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { isPrintable } from '@rollcall/core/text';
import rhea from 'rhea';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionEvent } from '@rollcall/core/events';
import { createAmqpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';
import { amqpHeader, openFrame, rawClient, saslHeader, saslInit } from './testing/raw-client.ts';

let adapter: AdapterInTest;
let expectNothingPrinted: () => void;

/** How many events there were when the test began. */
let before = 0;

async function begin(): Promise<void> {
  expectNothingPrinted = watchConsole();
  adapter = await startForTest(createAmqpAdapter(options), {
    settings: { health: { host: '127.0.0.1', port: 0 } },
  });
}
async function end(): Promise<void> {
  await expectPrintableMetrics(adapter);
  await adapter.running.stop({ graceMs: 0 });
  expectUnharmed(adapter);
  expectNothingPrinted();
}
beforeEach(() => {
  before = adapter.sink.events.length;
});

/** The first events of this test, once there are `count`. */
async function eventsOf(count: number): Promise<readonly ConnectionEvent[]> {
  return (await adapter.events(before + count)).slice(before);
}

function connectAs(facts: object = {}): rhea.Connection {
  const container = rhea.create_container({ id: 'unit-1' });
  for (const event of [
    'error',
    'disconnected',
    'connection_error',
    'sender_error',
    'receiver_error',
    'session_error',
  ])
    container.on(event, () => {});
  return container.connect({
    host: '127.0.0.1',
    port: adapter.address.port,
    reconnect: false,
    username: 'thermostat-7@acme',
    password: scriptedPassword,
    ...facts,
  });
}

/** Resolves when the connection is over, whichever side ended it. */
const over = (connection: rhea.Connection): Promise<unknown> =>
  Promise.race(['connection_close', 'disconnected'].map((event) => once(connection, event)));

describe.each(Object.entries(nastyStrings))('%s does no harm', (_what, text) => {
  beforeAll(begin);
  afterAll(end);

  test('as a container-id, a capability, and why a device leaves', async () => {
    const connection = connectAs({
      container_id: text,
      properties: { [text]: text },
      desired_capabilities: ['sole-connection-for-container', text],
    });
    await Promise.race([once(connection, 'connection_open'), over(connection)]);
    if (!connection.is_open()) return;
    connection.close({ condition: text, description: text });
    await over(connection);
    const events = await eventsOf(2);
    expect(harmWithin(events)).toBeUndefined();
    if (isPrintable(text)) expect(events[0]).toMatchObject({ remoteId: text, slot: text });
  });

  test('as a container-id alone', async () => {
    const connection = connectAs({
      container_id: text,
      desired_capabilities: ['sole-connection-for-container'],
    });
    await once(connection, 'connection_open');
    const [connected] = await eventsOf(1);
    expect(harmWithin(connected)).toBeUndefined();
    connection.close({ condition: 'amqp:internal-error', description: text });
    await over(connection);
    const [, disconnected] = await eventsOf(2);
    expect(disconnected).toMatchObject({ reason: 'client-closed', raw: { code: 'amqp:internal-error' } });
    expect(harmWithin(disconnected)).toBeUndefined();
  });

  test('as a user name', async () => {
    const connection = connectAs({ username: `${text}@acme` });
    await over(connection);
    expect(adapter.sink.events).toHaveLength(before);
  });

  test.each<[string, object, rhea.Message]>([
    ['an address', {}, { to: `event/${text}`, body: 'x' }],
    ['a device', {}, { to: `event/acme/${text}`, body: 'x' }],
    ['a subject and ids', {}, { to: 'event', body: 'x', subject: text, message_id: text, user_id: text }],
    ['properties', {}, { to: 'event', body: 'x', application_properties: { [text]: text } }],
    [
      'a trace',
      {},
      {
        to: 'event',
        body: 'x',
        application_properties: {
          traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
          tracestate: text,
        },
      },
    ],
    ['a content type', {}, { to: 'event', body: 'x', content_type: text }],
    ['the name of a link', { name: text }, { to: 'event', body: 'x' }],
    ['the source of a link', { source: { address: text } }, { to: 'event', body: 'x' }],
  ])('as %s', async (_where, link, message) => {
    const connection = connectAs();
    await once(connection, 'connection_open');
    const sender = connection.open_sender({ target: {}, ...link });
    await Promise.race([once(sender, 'sendable'), over(connection)]);
    if (connection.is_open()) {
      sender.send(message);
      const outcomes = ['accepted', 'rejected', 'released'].map((event) => once(sender, event));
      await Promise.race([...outcomes, over(connection)]);
    }
    connection.close();
    expect((await eventsOf(2)).map(({ type }) => type)).toEqual(['connected', 'disconnected']);
  });
});

/** A Close whose error has a number for its condition, and a map for its description. */
const closeWithNoText = Buffer.from([
  ...[0, 0, 0, 27, 2, 0, 0, 0, 0x00, 0x53, 0x18, 0xc0, 14, 1],
  ...[0x00, 0x53, 0x1d, 0xc0, 8, 2, 0x52, 7, 0xc1, 3, 2, 0x40, 0x40],
]);

describe('a text of another type than it must have', () => {
  beforeAll(begin);
  afterAll(end);

  test('is no text', async () => {
    const client = rawClient(connect(adapter.address.port, '127.0.0.1'));
    const plain = `\0thermostat-7@acme\0${scriptedPassword}`;
    client.say(saslHeader, saslInit('PLAIN', plain), amqpHeader, openFrame('unit-1'));
    await eventsOf(1);
    client.say(closeWithNoText);
    const [, disconnected] = await eventsOf(2);
    expect(disconnected).toMatchObject({ reason: 'client-closed', raw: { code: '', text: '' } });
  });
});
