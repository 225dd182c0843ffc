import { startScriptedPeer, type ScriptedPeer } from '@rollcall/amqp-connection/testing';
import { anOutboundEvent, ManualClock } from '@rollcall/conformance';
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
  expect(await peer.deliver('event/acme', anOutboundEvent('e1').message)).toBe('accepted');
  expect(seen).toEqual(['e1']);
});

test('an event whose handler fails is given back', async () => {
  const { peer } = await givenAConsumer({
    onEvent: () => {
      throw new Error('database away');
    },
  });
  expect(await peer.deliver('event/acme', anOutboundEvent('e1').message)).toBe('released');
});

test('what is no event of ours is told apart, and accepted', async () => {
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

test('may ask something of its address', async () => {
  const { peer } = await givenAConsumer({
    address: '/queue/event%2Facme',
    source: { durable: 2, capabilities: ['queue'] },
  });
  expect(peer.lastSource()).toMatchObject({ durable: 2, capabilities: ['queue'] });
});

test('events of several tenants come to one handler; it is ready once all of them can come', async () => {
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
  expect(await peer.deliver('event/acme', anOutboundEvent('e1').message)).toBe('accepted');
  expect(states).toEqual([]);
  peer.refused.clear();
  await expect
    .poll(() => {
      clock.advance(1_000);
      return states;
    })
    .toEqual([[true, undefined]]);
  await consumer.ready;
  expect(await peer.deliver('event/other', anOutboundEvent('e2').message)).toBe('accepted');
  expect(seen).toEqual(['e1', 'e2']);
});

test('on networks that end a session over a bad address, each tenant has its own', async () => {
  const { peer } = await givenAConsumer({ tenants: ['a', 'b'], network: 'rabbitmq-3' });
  // The one of the connection, and one for each tenant.
  expect(peer.openSessions()).toBe(3);
});

test('of many tenants, what may be under way in all is bounded', async () => {
  const tenants = Array.from({ length: 100 }, (_, index) => `t${index}`);
  let handled = 0;
  const { peer } = await givenAConsumer({
    tenants,
    onEvent() {
      handled += 1;
      return new Promise(() => {});
    },
  });
  for (let index = 0; index <= 10; index++)
    for (const tenant of tenants)
      void peer.deliver(`event/${tenant}`, anOutboundEvent(`${tenant}-${index}`).message);
  await expect.poll(() => handled).toBe(1_000);
});

test('user name and password may stand in the URL', async () => {
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

test('goes on after the connection was lost', async () => {
  const states: boolean[] = [];
  const { peer, seen } = await givenAConsumer({ onStateChange: (attached) => states.push(attached) });
  peer.drop();
  await expect.poll(() => states).toEqual([true, false, true]);
  await peer.deliver('event/acme', anOutboundEvent('e2').message);
  expect(seen).toEqual(['e2']);
});

test('user name and password may be given apart', async () => {
  const peer = await startScriptedPeer();
  const url = `amqp://127.0.0.1:${peer.port}`;
  const consumer = consume({ url, username: 'u@x', password: 'p/w', tenant: 'acme', onEvent() {} });
  open.push(peer, consumer);
  await consumer.ready;
  expect(peer.logins).toEqual([{ username: 'u@x', password: 'p/w' }]);
});

test('closed before events could arrive, it was never ready', async () => {
  const peer = await startScriptedPeer();
  await peer.close();
  const consumer = consume({ url: `amqp://127.0.0.1:${peer.port}`, tenant: 'acme', onEvent() {} });
  await consumer.close();
  await expect(consumer.ready).rejects.toThrow('consumer is closed');
});

test.each(['mqtt://u:secret@localhost', 'amqp://u:secret@', 'secret'])(
  'a URL like %s is refused, and not repeated',
  (url) => {
    const attempt = () => consume({ url, tenant: 'acme', onEvent() {} });
    expect(attempt).toThrow('must begin with amqp://');
    expect(attempt).not.toThrow('secret');
  },
);
