import { scriptedAuthorities } from '@rollcall/conformance/registry';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryJournal } from '@rollcall/outbox';
import { givenAnAdapter, stopAdapters } from './testing/given-adapter.ts';

afterEach(stopAdapters);

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
