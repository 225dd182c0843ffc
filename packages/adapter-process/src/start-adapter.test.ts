import { settled } from '@rollcall/conformance';
import type { Delivery } from '@rollcall/core/sink';
import { afterEach, expect, test } from 'vitest';
import { createMemoryJournal } from '@rollcall/outbox';
import { givenAnAdapter, stopAdapters } from './testing/given-adapter.ts';

afterEach(stopAdapters);

test('addresses can be kept out of events', async () => {
  const { begin, events } = await givenAnAdapter({ settings: { exposeRemoteAddress: false } });
  await begin();
  expect((await events(1))[0]).not.toHaveProperty('remoteAddress');
});

test('credentials that expire end the connection by a timer', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  const { ended } = await begin({ expiresInMs: 60_000 });
  await clock.advanceAsync(59_999);
  expect(ended).toEqual([]);
  await clock.advanceAsync(1);
  expect((await events(2))[1]).toMatchObject({
    reason: 'credentials-expired',
    initiator: 'adapter',
    uncertaintyMs: 0,
  });
});

test('the timer of credentials ends with the connection', async () => {
  const { begin, clock } = await givenAnAdapter();
  const { connection, ended } = await begin({ expiresInMs: 60_000 });
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await clock.advanceAsync(120_000);
  expect(ended).toEqual(['client-closed']);
});

test('a tenant that is disabled loses its connections, and no other tenant does', async () => {
  const { begin, events, registry } = await givenAnAdapter();
  await begin();
  await begin({ username: 'thermostat-7@umbrella' });
  registry.disable('acme');
  const all = await events(3);
  await settled();
  expect(all.filter(({ type }) => type === 'disconnected')).toMatchObject([
    { device: { tenant: 'acme' }, reason: 'access-revoked' },
  ]);
});

test('right after a start the storm of one tenant delays no other for long', async () => {
  const adapter = await givenAnAdapter({
    settings: { admission: { maxRunning: 1, maxWaiting: 1_000, maxWaitMs: 60_000 } },
  });
  const release = adapter.registry.hold();
  const order: string[] = [];
  const come = (username: string): Promise<unknown> =>
    adapter.begin({ username }).then(() => order.push(username));
  const storm = Array.from({ length: 100 }, () => come('valve-1@acme'));
  const calm = come('thermostat-7@umbrella');
  release();
  await Promise.all([calm, ...storm]);
  expect(order.indexOf('thermostat-7@umbrella')).toBeLessThan(5);
});

test('stop waits for the sinks, but not longer than it was told', async () => {
  const { begin, sink, clock, running: adapter, logged } = await givenAnAdapter();
  sink.answer = () => ({ status: 'retryable', cause: new Error('away') });
  await begin();
  const stopping = adapter.stop({ graceMs: 5_000 });
  await clock.advanceAsync(5_000);
  await stopping;
  expect(logged.map(({ message }) => message)).toContain('stopping with events that were not confirmed');
});

test('stop lets events that can still be delivered through', async () => {
  const { begin, sink, clock, running: adapter } = await givenAnAdapter();
  let away = true;
  sink.answer = () => (away ? { status: 'retryable', cause: new Error('away') } : { status: 'delivered' });
  await begin();
  const stopping = adapter.stop({ graceMs: 60_000 });
  away = false;
  await clock.advanceAsync(30_000);
  await stopping;
  expect(sink.events.map((event) => (event.type === 'disconnected' ? event.reason : event.type))).toEqual([
    'connected',
    'adapter-shutdown',
  ]);
});

test('metrics use the names of Hono and never name a device', async () => {
  const adapter = await givenAnAdapter({ settings: { health: { host: '127.0.0.1', port: 0 } } });
  await adapter.begin();
  await adapter.events(1);
  const text = await (await fetch(`http://127.0.0.1:${adapter.running.healthPort}/metrics`)).text();
  expect(text).toMatch(
    /^hono_connections_authenticated\{tenant="acme",.*component_type="adapter",component_name="hono-test"\} 1$/m,
  );
  expect(text).toMatch(/^rollcall_events_total\{type="connected",reason="none",.*\} 1$/m);
  expect(text).not.toContain('thermostat-7');
});

test('readiness is degraded, not down, while the network is away', async () => {
  const adapter = await givenAnAdapter({ settings: { health: { host: '127.0.0.1', port: 0 } } });
  adapter.sender.connected = () => false;
  const response = await fetch(`http://127.0.0.1:${adapter.running.healthPort}/readiness`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: 'DEGRADED' });
});

test('readiness is degraded while a sink confirms nothing, though it is connected', async () => {
  const health = { host: '127.0.0.1', port: 0 };
  const held = Promise.withResolvers<Delivery>();
  const adapter = await givenAnAdapter({ settings: { health }, answer: () => held.promise });
  await adapter.begin();
  const status = async (): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${adapter.running.healthPort}/readiness`)).json();
  expect(await status()).toMatchObject({ status: 'UP' });
  adapter.clock.advance(2_001);
  expect(await status()).toMatchObject({
    status: 'DEGRADED',
    checks: expect.arrayContaining([
      {
        name: 'delivery-to-recording-sink',
        status: 'DEGRADED',
        code: 'EVENTS_NOT_CONFIRMED',
        reason: 'events wait to be confirmed',
      },
    ]),
  });
  held.resolve({ status: 'delivered' });
});

test('an incarnation says in its first event to each tenant whether it has the journal of the one before', async () => {
  const journal = createMemoryJournal();
  const first = await givenAnAdapter({ journal });
  await first.begin({ remoteId: 'one' });
  await first.begin({ remoteId: 'two' });
  const [one, two] = await first.events(2);
  expect(one?.journal).toEqual({ state: 'new' });
  expect(two).not.toHaveProperty('journal');
  await first.running.stop({ graceMs: 0 });

  const second = await givenAnAdapter({ journal, clock: first.clock });
  await second.begin();
  expect((await second.events(1))[0]?.journal).toEqual({
    state: 'kept',
    follows: first.running.identity.instance,
  });
});

test('an open connection is announced every interval, one that ended is not', async () => {
  const { begin, clock, sink } = await givenAnAdapter({ settings: { announceIntervalMs: 60_000 } });
  // Its event says how it stands with the journal: later ones leave that to announcements.
  const { connection: before } = await begin({ remoteId: 'before' });
  before.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  const { connection } = await begin();
  await clock.advanceAsync(180_000);
  const [first, ...announcements] = sink.attempts.slice(2);
  expect(first?.event).not.toHaveProperty('journal');
  expect(announcements).toHaveLength(3);
  const announced = { ...first?.event, journal: { state: 'new' }, announceIntervalMs: 60_000 };
  for (const { event, announcement } of announcements)
    expect([event, announcement]).toEqual([announced, true]);
  expect(first?.announcement).toBeUndefined();
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await clock.advanceAsync(180_000);
  expect(sink.attempts).toHaveLength(7);
});
