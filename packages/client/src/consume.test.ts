import { startScriptedPeer, type ScriptedPeer } from '@rollcall/amqp-connection/testing';
import { anEventMessage, ManualClock } from '@rollcall/conformance';
import { ConfigError, deviceRef } from '@rollcall/core';
import rhea from 'rhea';
import { afterEach, expect, test } from 'vitest';
import { consume, type ConsumeOptions, type EventConsumer } from './consume.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function givenAConsumer(
  facts: Partial<ConsumeOptions> = {},
): Promise<{ peer: ScriptedPeer; consumer: EventConsumer; seen: string[] }> {
  const peer = await startScriptedPeer();
  const seen: string[] = [];
  const consumer = consume({
    url: `amqp://127.0.0.1:${peer.port}`,
    ...(facts.tenants === undefined && { tenant: 'acme' }),
    onEvent: (event) => void seen.push(event.id),
    ...facts,
  });
  open.push(peer, consumer);
  await consumer.ready;
  return { peer, consumer, seen };
}

test('an event is decoded, handled, and then accepted', async () => {
  const { peer, seen } = await givenAConsumer();
  expect(await peer.deliver('event/acme', anEventMessage('e1'))).toBe('accepted');
  expect(seen).toEqual(['e1']);
});

test('an event whose handler fails is released', async () => {
  const { peer } = await givenAConsumer({
    onEvent: () => {
      throw new Error('database away');
    },
  });
  expect(await peer.deliver('event/acme', anEventMessage('e1'))).toBe('released');
});

test('a message that is not an event of Rollcall goes to `onOther`, and is accepted', async () => {
  const others: string[] = [];
  const { peer, seen } = await givenAConsumer({ onOther: ({ type }) => void others.push(type) });
  const uploaded = rhea.message.encode({
    content_type: 'text/plain',
    body: rhea.message.data_section(Buffer.from('x')),
  });
  expect(await peer.deliver('event/acme', uploaded)).toBe('accepted');
  expect(others).toEqual(['unrecognized']);
  expect(seen).toEqual([]);
});

test.each([
  [{ application: 'billing' }, /^event\/acme::billing$/, undefined],
  [{ temporary: true }, /^event\/acme::temporary-[0-9a-f-]{36}$/, 'link-detach'],
  [{ address: 'queue://acme' }, /^queue:\/\/acme$/, undefined],
])('%j subscribes to %s', async (facts, address, expiryPolicy) => {
  const { peer } = await givenAConsumer(facts);
  expect(peer.lastSource()?.address).toMatch(address);
  expect(peer.lastSource()?.expiryPolicy).toBe(expiryPolicy);
});

test('a consumer can have requirements for its address', async () => {
  const { peer } = await givenAConsumer({
    address: '/queue/event%2Facme',
    source: { durable: 2, capabilities: ['queue'] },
  });
  expect(peer.lastSource()).toMatchObject({ durable: 2, capabilities: ['queue'] });
});

test('an event that fails is released, waits, and is rejected after `maxTries`; other devices go on', async () => {
  const clock = new ManualClock();
  const tried: string[] = [];
  const poisoned: unknown[] = [];
  const { peer } = await givenAConsumer({
    clock,
    maxTries: 2,
    firstPauseMs: 500,
    onEvent({ id }) {
      tried.push(id);
      return id === 'bad' ? Promise.reject(new Error('no such column')) : undefined;
    },
    onPoisoned(event, error) {
      poisoned.push(event.type === 'connected' && event.id, String(error));
      throw new Error('disk full');
    },
  });
  const bad = anEventMessage('bad');
  expect(await peer.deliver('event/acme', bad)).toBe('released');
  const again = peer.deliver('event/acme', bad);
  const other = anEventMessage('good', { device: deviceRef('acme', 'another') });
  expect(await peer.deliver('event/acme', other)).toBe('accepted');
  expect(tried).toEqual(['bad', 'good']);
  clock.advance(500);
  expect(await again).toBe('rejected');
  expect(tried).toEqual(['bad', 'good', 'bad']);
  expect(poisoned).toEqual(['bad', 'Error: no such column']);
});

test('a message that is not an event, and whose handler fails, is tried as often', async () => {
  const clock = new ManualClock();
  const poisoned: string[] = [];
  const { peer } = await givenAConsumer({
    clock,
    maxTries: 2,
    onOther() {
      throw new Error('no table for these');
    },
    onPoisoned: ({ type }) => void poisoned.push(type),
  });
  const broken = rhea.message.encode({
    content_type: 'application/vnd.eclipse-hono-dc-notification+json',
    body: rhea.message.data_section(Buffer.from('{')),
  });
  expect(await peer.deliver('event/acme', broken)).toBe('released');
  const again = peer.deliver('event/acme', broken);
  await expect
    .poll(() => {
      clock.advance(1_000);
      return poisoned;
    })
    .toEqual(['unrecognized']);
  expect(await again).toBe('rejected');
});

test('events that wait do not stop others, of which more pass than the session has room for', async () => {
  const clock = new ManualClock();
  let handled = 0;
  const { peer } = await givenAConsumer({
    clock,
    onEvent({ id }) {
      if (id.startsWith('bad')) throw new Error('bad');
      handled += 1;
    },
  });
  const deliver = (id: string) =>
    peer.deliver('event/acme', anEventMessage(id, { device: deviceRef('acme', id) }));
  const bad = Array.from({ length: 300 }, (_, index) => `bad${index}`);
  for (const id of bad) expect(await deliver(id)).toBe('released');
  // These are more than the credit.
  for (const id of bad) void deliver(id);
  for (let index = 0; index < 2_100; index++) expect(await deliver(`good${index}`)).toBe('accepted');
  expect(handled).toBe(2_100);
});

test.each([{ maxTries: 0 }, { firstPauseMs: 0 }, { firstPauseMs: 10, maxPauseMs: 5 }, { maxPauseMs: NaN }])(
  'consume refuses %j',
  (facts) => {
    expect(() => consume({ url: 'amqp://localhost', tenant: 'acme', onEvent() {}, ...facts })).toThrow(
      ConfigError,
    );
  },
);

test('events of several tenants come to one handler, and `ready` resolves once events of all of them can come', async () => {
  const peer = await startScriptedPeer();
  peer.refused.set('event/other', 'amqp:not-found');
  const clock = new ManualClock();
  const seen: string[] = [];
  const states: (readonly [boolean, (string | undefined)?])[] = [];
  const consumer = consume({
    url: `amqp://127.0.0.1:${peer.port}`,
    tenants: ['acme', 'other'],
    clock,
    onEvent: (event) => void seen.push(event.id),
    onStateChange: (...state) => states.push(state),
  });
  open.push(peer, consumer);
  await expect.poll(() => peer.attached).toEqual(['event/acme', 'event/other']);
  expect(await peer.deliver('event/acme', anEventMessage('e1'))).toBe('accepted');
  expect(states).toEqual([]);
  peer.refused.clear();
  await expect
    .poll(() => {
      clock.advance(1_000);
      return states;
    })
    .toEqual([[true, undefined]]);
  await consumer.ready;
  expect(await peer.deliver('event/other', anEventMessage('e2'))).toBe('accepted');
  expect(seen).toEqual(['e1', 'e2']);
});

test('each tenant has its own session on networks that end a session over a bad address', async () => {
  const { peer } = await givenAConsumer({ tenants: ['a', 'b'], network: 'rabbitmq-3' });
  // The session of the connection, and one for each tenant.
  expect(peer.openSessions()).toBe(3);
});

test('the messages under way are bounded over many tenants', async () => {
  const tenants = Array.from({ length: 101 }, (_, index) => `t${index}`);
  const { peer } = await givenAConsumer({ tenants });
  await expect
    .poll(() => tenants.map((tenant) => peer.creditOf(`event/${tenant}`)))
    .toEqual(tenants.map(() => 9));
});

test('user name and password can stand in the URL', async () => {
  const peer = await startScriptedPeer();
  const consumer = consume({
    url: `amqp://consumer%40HONO:s%C3%A9cret@127.0.0.1:${peer.port}`,
    tenant: 'acme',
    onEvent() {},
  });
  open.push(peer, consumer);
  await consumer.ready;
  expect(peer.logins).toEqual([{ username: 'consumer@HONO', password: 'sécret' }]);
});

test('a consumer goes on after the connection was lost', async () => {
  const states: boolean[] = [];
  const { peer, seen } = await givenAConsumer({ onStateChange: (attached) => states.push(attached) });
  peer.drop();
  await expect.poll(() => states).toEqual([true, false, true]);
  await peer.deliver('event/acme', anEventMessage('e2'));
  expect(seen).toEqual(['e2']);
});

test('user name and password can be given outside the URL', async () => {
  const peer = await startScriptedPeer();
  const url = `amqp://127.0.0.1:${peer.port}`;
  const consumer = consume({ url, username: 'u@x', password: 'p/w', tenant: 'acme', onEvent() {} });
  open.push(peer, consumer);
  await consumer.ready;
  expect(peer.logins).toEqual([{ username: 'u@x', password: 'p/w' }]);
});

test('`ready` rejects when the consumer is closed before events could arrive', async () => {
  const peer = await startScriptedPeer();
  await peer.close();
  const consumer = consume({ url: `amqp://127.0.0.1:${peer.port}`, tenant: 'acme', onEvent() {} });
  await consumer.close();
  await expect(consumer.ready).rejects.toThrow('consumer is closed');
});

test.each(['mqtt://u:secret@localhost', 'amqp://u:secret@', 'secret'])(
  'a URL like %s is refused, and the error does not quote it',
  (url) => {
    const attempt = () => consume({ url, tenant: 'acme', onEvent() {} });
    expect(attempt).toThrow('must begin with amqp://');
    expect(attempt).not.toThrow('secret');
  },
);
