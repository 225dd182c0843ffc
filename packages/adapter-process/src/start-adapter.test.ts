import { settled } from '@rollcall/conformance';
import { scriptedAuthorities } from '@rollcall/conformance/registry';
import type { Delivery } from '@rollcall/core/sink';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryJournal } from '@rollcall/outbox';
import { startScripted, type ScriptedInTest } from './testing/start-scripted.ts';
import type { TestSetting } from './testing/start-for-test.ts';

const running: ScriptedInTest[] = [];

afterEach(async () => {
  for (const adapter of running.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

async function givenAnAdapter(setting: TestSetting = {}): Promise<ScriptedInTest> {
  const adapter = await startScripted(setting);
  running.push(adapter);
  return adapter;
}

const basis = { kind: 'session', detectWithinMs: null } as const;

test('both halves of a connection say what they must', async () => {
  const { begin, events, clock, running: adapter } = await givenAnAdapter();
  const { connection } = await begin();
  clock.advance(90_000);
  connection.report({ type: 'end', change: { reason: 'connection-lost', raw: { text: 'reset' } } });
  const [first, second] = await events(2);
  expect(first).toMatchObject({
    type: 'connected',
    adapter: { type: 'hono-test', id: 'adapter-in-test', instance: adapter.identity.instance },
    remoteId: 'unit-1',
    slot: 'unit-1',
    remoteAddress: '192.0.2.1:4711',
    at: Date.parse('2026-01-01T12:00:00Z'),
    basis,
  });
  const { journal, ...shared } = first ?? {};
  expect(journal).toEqual({ state: 'new' });
  expect(second).toEqual({
    ...shared,
    type: 'disconnected',
    id: expect.not.stringMatching(first?.id ?? ''),
    at: Date.parse('2026-01-01T12:01:30Z'),
    connectedAt: Date.parse('2026-01-01T12:00:00Z'),
    endedEpoch: expect.stringMatching(/^[0-9a-f]{16}$/),
    lastSeen: Date.parse('2026-01-01T12:00:00Z'),
    uncertaintyMs: 90_000,
    reason: 'connection-lost',
    initiator: 'network',
    clean: false,
    raw: { text: 'reset' },
  });
});

test('an end whose moment is known exactly has no uncertainty', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  const { connection } = await begin();
  clock.advance(90_000);
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  expect((await events(2))[1]).toMatchObject({ uncertaintyMs: 0, clean: true, initiator: 'device' });
});

test('a tracker may overrule what a reason implies', async () => {
  const { begin, events } = await givenAnAdapter();
  const { connection } = await begin();
  connection.report({ type: 'end', change: { reason: 'client-closed', clean: false } });
  expect((await events(2))[1]).toMatchObject({ reason: 'client-closed', clean: false });
});

test('a wall clock that steps back makes neither time nor uncertainty run backwards', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  const { connection } = await begin();
  clock.advance(10_000);
  clock.stepWall(-3_600_000);
  connection.report({ type: 'end', change: { reason: 'connection-lost' } });
  await begin();
  const [first, second, third] = await events(3);
  if (second?.type !== 'disconnected') throw new Error('no disconnected event');
  expect(second.uncertaintyMs).toBe(10_000);
  expect(second.at - second.lastSeen).toBe(10_000);
  expect((third?.epoch ?? '') > (first?.epoch ?? '')).toBe(true);
});

test('connected-at, last-seen and at are in order, and as far apart as time went, whatever the wall clock does', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  for (const stepMs of [-3_600_000, -20, 0, 20, 7_200_000]) {
    const { connection } = await begin();
    clock.advance(4_000);
    clock.stepWall(stepMs);
    connection.report({ type: 'heard' });
    clock.advance(10_000);
    clock.stepWall(-stepMs / 2);
    connection.report({ type: 'end', change: { reason: 'connection-lost' } });
  }
  for (const event of await events(10)) {
    if (event.type === 'connected') continue;
    expect(event.at - event.connectedAt).toBe(14_000);
    expect(event.lastSeen - event.connectedAt).toBe(4_000);
    expect(event.uncertaintyMs).toBe(10_000);
  }
});

test('endings of an adapter are in the order of their epochs, whatever the wall clock does', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  for (const stepMs of [0, -3_600_000, 5_000]) {
    const { connection } = await begin();
    clock.advance(1_000);
    clock.stepWall(stepMs);
    connection.report({ type: 'end', change: { reason: 'client-closed' } });
  }
  const all = await events(6);
  const epochs = all.map((event) => (event.type === 'connected' ? event.epoch : event.endedEpoch) ?? '');
  for (const [index, epoch] of epochs.entries()) expect(epoch > (epochs[index - 1] ?? '')).toBe(true);
});

test('what is observed late is uncertain by the lateness, also where it would be known exactly', async () => {
  const { begin, events, clock } = await givenAnAdapter({ watchLoop: true });
  const { connection: left } = await begin({ remoteId: 'leaves' });
  const { connection: vanished } = await begin({ remoteId: 'vanishes' });
  clock.advance(10_000);
  clock.stall(5_000);
  vanished.report({ type: 'heard' });
  left.report({ type: 'end', change: { reason: 'client-closed' } });
  clock.advance(30_000);
  vanished.report({ type: 'end', change: { reason: 'connection-lost' } });
  const [, , goodbye, lost] = await events(4);
  const uncertainty = (event: typeof lost): number =>
    event?.type === 'disconnected' ? event.uncertaintyMs : -1;
  expect(uncertainty(goodbye)).toBeGreaterThanOrEqual(5_000);
  expect(uncertainty(goodbye)).toBeLessThanOrEqual(5_100);
  expect(uncertainty(lost)).toBeGreaterThanOrEqual(35_000);
  expect(uncertainty(lost)).toBeLessThanOrEqual(35_100);
});

test('a device that spoke while the adapter stood still stays; one that was silent is told', async () => {
  const { begin, events, clock } = await givenAnAdapter({ watchLoop: true });
  const { connection: speaking } = await begin({ remoteId: 'speaking', maxSilenceMs: 15_000 });
  await begin({ remoteId: 'silent', maxSilenceMs: 15_000 });
  clock.advance(10_000);
  clock.stall(60_000);
  // What it sent meanwhile is read after the timers rang.
  speaking.report({ type: 'heard' });
  clock.advance(5_000);
  expect((await events(3)).map(({ type, remoteId }) => `${type} ${remoteId}`)).toEqual([
    'connected speaking',
    'connected silent',
    'disconnected silent',
  ]);
});

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

describe('a device that need not say who it is', () => {
  test('counts as a connection, gives no event, and ends with the adapter', async () => {
    const {
      host,
      begin,
      beginAnonymous,
      events,
      running: adapter,
      sink,
    } = await givenAnAdapter({
      settings: { maxConnections: 2, health: { host: '127.0.0.1', port: 0 } },
    });
    await begin();
    expect(host.access.admit()).toBeUndefined();
    const first = beginAnonymous();
    expect(host.access.admit()).toMatchObject({ reason: 'adapter-connections-exceeded' });
    const text = await (await fetch(`http://127.0.0.1:${adapter.healthPort}/metrics`)).text();
    expect(text).toMatch(/^hono_connections_unauthenticated\{.*\} 1$/m);
    first.connection.report({ type: 'end', change: { reason: 'client-closed' } });
    expect(first.ended).toEqual(['client-closed']);
    expect(host.access.admit()).toBeUndefined();
    const second = beginAnonymous();
    await adapter.stop({ graceMs: 0 });
    expect(second.ended).toEqual(['adapter-shutdown']);
    await events(2);
    expect(sink.events.map(({ remoteId }) => remoteId)).toEqual(['unit-1', 'unit-1']);
  });

  test('stays too if it spoke while the adapter stood still, and ends if it was silent', async () => {
    const { beginAnonymous, clock } = await givenAnAdapter({ watchLoop: true });
    const speaking = beginAnonymous({ maxSilenceMs: 15_000 });
    const silent = beginAnonymous({ maxSilenceMs: 15_000 });
    clock.advance(10_000);
    clock.stall(60_000);
    speaking.connection.report({ type: 'heard' });
    clock.advance(5_000);
    expect([speaking.ended, silent.ended]).toEqual([[], ['keepalive-timeout']]);
  });

  test('is counted with its uploads, and makes up no tenants', async () => {
    const { host, running: adapter } = await givenAnAdapter({
      settings: { health: { host: '127.0.0.1', port: 0 } },
    });
    for (const tenant of ['acme', 'made-up'])
      await host.uplink.upload({
        endpoint: 'telemetry',
        qos: 0,
        payload: Buffer.from('x'),
        origAddress: 'telemetry',
        target: { tenant, device: 'valve-1' },
      });
    const text = await (await fetch(`http://127.0.0.1:${adapter.healthPort}/metrics`)).text();
    expect(text).toMatch(/^hono_telemetry_payload_bytes_count\{tenant="acme",.*status="forwarded".*\} 1$/m);
    expect(text).toMatch(
      /^hono_telemetry_payload_bytes_count\{tenant="UNKNOWN",.*status="unprocessable".*\} 1$/m,
    );
    expect(text).not.toContain('made-up');
  });
});

test('whoever fails to prove a shared key is throttled under that name; who proved it gets its key all the same', async () => {
  const { host, logged } = await givenAnAdapter();
  const login = { identity: 'thermostat-7@acme', remoteIp: '192.0.2.1' };
  const first = await host.access.findPsk(login);
  for (let failures = 0; failures < 10; failures++)
    host.access.refused('bad-credentials', login.remoteIp, login.identity);
  expect(await host.access.findPsk(login)).toMatchObject({ refusal: { reason: 'throttled' } });
  expect(await host.access.findPsk({ ...login, identity: 'valve-1@acme' })).toMatchObject({
    status: 'found',
  });
  expect(await host.access.findPsk({ ...login, remoteIp: '192.0.2.2' })).toMatchObject({ status: 'found' });
  if (first.status !== 'found' || !first.candidates[0]) throw new Error('no key');
  host.access.proved(first.candidates[0].identity);
  expect(await host.access.findPsk(login)).toMatchObject({ status: 'found' });
  expect(JSON.stringify(logged)).not.toContain('shared-secret');
});

test('whoever proved a shared key has it after a restart too, however often others fail under its name', async () => {
  const journal = createMemoryJournal();
  const login = { identity: 'thermostat-7@acme', remoteIp: '192.0.2.1' };
  const before = await givenAnAdapter({ journal });
  const first = await before.host.access.findPsk(login);
  if (first.status !== 'found' || !first.candidates[0]) throw new Error('no key');
  before.host.access.proved(first.candidates[0].identity);
  await before.running.stop({ graceMs: 0 });
  const { host } = await givenAnAdapter({ journal, clock: before.clock });
  for (let failures = 0; failures < 10; failures++)
    host.access.refused('bad-credentials', login.remoteIp, login.identity);
  expect(await host.access.findPsk(login)).toMatchObject({ status: 'found' });
});

test('naming a device that proved its key buys no end of guesses', async () => {
  const { host } = await givenAnAdapter();
  const login = { identity: 'thermostat-7@acme', remoteIp: '192.0.2.1' };
  const first = await host.access.findPsk(login);
  if (first.status !== 'found' || !first.candidates[0]) throw new Error('no key');
  host.access.proved(first.candidates[0].identity);
  const outcomes: string[] = [];
  for (let guess = 0; guess < 100; guess++) {
    outcomes.push((await host.access.findPsk(login)).status);
    host.access.refused('bad-credentials', login.remoteIp, login.identity);
  }
  expect(outcomes.filter((each) => each === 'found')).toHaveLength(60);
});

test('certificate logins queue per issuer once one of its devices was accepted', async () => {
  const adapter = await givenAnAdapter({
    settings: { admission: { maxRunning: 1, maxWaiting: 1_000, maxWaitMs: 60_000 } },
  });
  const certificate = scriptedAuthorities.acme.issue({ subject: 'CN=thermostat-7,O=acme' }).der;
  const login = { certificate, remoteIp: '192.0.2.1' };
  expect(await adapter.host.access.authenticate(login)).toMatchObject({ status: 'accepted' });
  const release = adapter.registry.hold();
  const order: string[] = [];
  const storm = Array.from({ length: 20 }, () =>
    adapter.begin({ username: 'valve-1@umbrella' }).then(() => order.push('umbrella')),
  );
  const calm = Promise.resolve(adapter.host.access.authenticate(login)).then(() => order.push('certificate'));
  release();
  await Promise.all([calm, ...storm]);
  expect(order.indexOf('certificate')).toBeLessThan(5);
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
