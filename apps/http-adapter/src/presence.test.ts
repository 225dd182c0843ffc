import { connect } from 'node:net';
import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { createMemoryJournal } from '@rollcall/outbox';
import { describe, expect, test } from 'vitest';
import {
  basic,
  causes,
  endsWithTheTest,
  givenAnAdapter,
  goodbye,
  left,
  send,
  uploaded,
} from './testing/http-bed.ts';
import { options } from './testing/options.ts';

describe('HTTP presence', () => {
  test('one request begins a lease of the default length, and silence ends it', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(600_000);
    const [first, second] = await adapter.events(2);
    expect(first).toMatchObject({
      type: 'connected',
      remoteId: 'thermostat-7',
      protocol: 'HTTP/1.1',
      basis: { kind: 'lease', intervalMs: 600_000, from: 'default' },
    });
    expect(first).not.toHaveProperty('slot');
    expect(second).toMatchObject({
      type: 'disconnected',
      reason: 'inactive',
      initiator: 'adapter',
      clean: false,
      uncertaintyMs: 600_000,
      basis: { kind: 'lease', intervalMs: 600_000, from: 'default', until: second?.at },
    });
  });

  test('a request renews the lease even if its upload fails', async () => {
    const adapter = await givenAnAdapter();
    const { port, sender, clock } = adapter;
    for (const facts of [{ headers: { 'qos-level': '7' } }, { body: 'x'.repeat(3_000) }, { body: '{}' }]) {
      sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer available' } });
      expect((await send(port, '/telemetry', facts)).status).toBeGreaterThanOrEqual(400);
      await clock.advanceAsync(500_000);
    }
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('a device that falls silent in the middle of a request is told within its basis; the rest of it begins a lease', async () => {
    const adapter = await givenAnAdapter();
    const socket = connect(adapter.port, '127.0.0.1').on('error', () => {});
    const credentials = basic('thermostat-7@acme');
    socket.write(
      `POST /event HTTP/1.1\r\nhost: a\r\nauthorization: ${credentials}\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nab`,
    );
    await adapter.events(1);
    await adapter.clock.advanceAsync(600_000);
    expect((await adapter.events(2))[1]).toMatchObject({
      reason: 'inactive',
      uncertaintyMs: 600_000,
      basis: { detectWithinMs: 600_000 },
    });
    socket.write('cd');
    expect((await adapter.events(3))[2]).toMatchObject({ type: 'connected' });
    socket.destroy();
  });

  test('a request that is refused begins no lease', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry', {
      headers: { authorization: basic('thermostat-7@acme', 'guess') },
    });
    await settled();
    expect(adapter.sink.events).toEqual([]);
  });

  test('the registry declares the lease interval, for a tenant and for a type of adapter', async () => {
    const adapters_ = [{ type: 'hono-http', enabled: true, ext: { 'presence-interval': 90 } }];
    const adapter = await givenAnAdapter({}, { tenant: { adapters: adapters_ } });
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(90_000);
    expect((await adapter.events(2))[1]).toMatchObject({
      basis: { intervalMs: 90_000, from: 'declared' },
      uncertaintyMs: 90_000,
    });
  });

  test('a goodbye ends the lease; that of a device without a lease reports nothing', async () => {
    const adapter = await givenAnAdapter();
    expect((await send(adapter.port, '/event', goodbye)).status).toBe(202);
    await settled();
    expect(adapter.sink.events).toEqual([]);
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(1_000);
    await send(adapter.port, '/event', goodbye);
    expect((await adapter.events(2))[1]).toMatchObject({
      reason: 'client-closed',
      uncertaintyMs: 0,
      clean: true,
    });
  });

  test('what comes behind a goodbye on its connection begins another lease', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry');
    const socket = endsWithTheTest(connect(adapter.port, '127.0.0.1'));
    socket.write(Buffer.concat([left, uploaded]));
    await adapter.events(3);
    expect(causes(adapter)).toEqual(['connected', 'client-closed', 'connected']);
    await adapter.clock.advanceAsync(600_000);
    expect((await adapter.events(4))[3]).toMatchObject({ reason: 'inactive' });
  });

  test('the answer to a goodbye is not taken for that of a request behind it, in a fleet either', async () => {
    const clock = new ManualClock();
    const adapter = await givenAnAdapter({}, { clock, directory: new MemoryFleet(clock).create });
    await send(adapter.port, '/telemetry');
    const later = Promise.withResolvers<void>();
    adapter.sender.outcome = async (message) => {
      if (message.payload) await later.promise;
      return { status: 'accepted' };
    };
    const socket = endsWithTheTest(connect(adapter.port, '127.0.0.1'));
    let received = '';
    socket.on('data', (bytes) => (received += bytes.toString('latin1')));
    socket.write(Buffer.concat([left, uploaded]));
    await expect.poll(() => received).toContain('HTTP/1.1 202');
    await adapter.events(3);
    await adapter.clock.advanceAsync(600_000);
    await settled();
    expect(causes(adapter)).toEqual(['connected', 'client-closed', 'connected']);
    later.resolve();
  });

  test('a request that can be answered no more, since what came behind it is malformed, keeps no lease', async () => {
    const adapter = await givenAnAdapter();
    const socket = endsWithTheTest(connect({ port: adapter.port, host: '127.0.0.1', allowHalfOpen: true }));
    let received = '';
    socket.on('data', (bytes) => (received += bytes.toString('latin1')));
    socket.write(Buffer.concat([uploaded, Buffer.from('nonsense\r\n\r\n')]));
    await expect.poll(() => received).toContain('HTTP/1.1 400');
    await adapter.events(1);
    // The lease is armed once the adapter knows that its request is over. The device never closes its side.
    await expect.poll(() => adapter.clock.armed).toBeGreaterThan(0);
    await adapter.clock.advanceAsync(600_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive', uncertaintyMs: 600_000 });
  });

  test('the end of a body in chunks is a sign of life, although it has no bytes of the body', async () => {
    const adapter = await givenAnAdapter();
    const socket = endsWithTheTest(connect(adapter.port, '127.0.0.1'));
    socket.write(
      `POST /event HTTP/1.1\r\nhost: a\r\nauthorization: ${basic('thermostat-7@acme')}\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n`,
    );
    await adapter.events(1);
    await adapter.clock.advanceAsync(400_000);
    socket.write('0\r\n\r\n');
    await expect.poll(() => adapter.sender.messages.length).toBe(1);
    await settled();
    await adapter.clock.advanceAsync(600_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive', uncertaintyMs: 600_000 });
  });

  test('a device that waits for a command is answered when its time is over, and is present until after it', async () => {
    const adapter = await givenAnAdapter({ lease: { ...options.lease, defaultMs: 20_000 } });
    let answered = false;
    const waiting = send(adapter.port, '/event?hono-ttd=40').then((answer) => {
      answered = true;
      return answer.status;
    });
    await adapter.events(1);
    expect(adapter.sender.messages).toMatchObject([{ ttdSeconds: 40 }]);
    await adapter.clock.advanceAsync(39_999);
    await settled();
    expect(answered).toBe(false);
    await adapter.clock.advanceAsync(1);
    expect(await waiting).toBe(202);
    expect(adapter.sink.events[0]).toMatchObject({
      basis: { intervalMs: 50_000, from: 'ttd', detectWithinMs: 90_000 },
    });
    await adapter.clock.advanceAsync(50_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive', uncertaintyMs: 90_000 });
  });

  test('the lease of a device that hangs up while it waits for a command runs from then on', async () => {
    const adapter = await givenAnAdapter({ lease: { ...options.lease, defaultMs: 20_000 } });
    const hangUp = new AbortController();
    const waiting = send(adapter.port, '/event?hono-ttd=60', { signal: hangUp.signal });
    await adapter.events(1);
    hangUp.abort();
    await expect(waiting).rejects.toThrow('abort');
    // The lease is armed once the adapter knows of the end: until then, an open request keeps it.
    while (adapter.clock.armed === 0) await settled();
    await settled();
    await adapter.clock.advanceAsync(70_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive' });
  });

  test('while the registry is away, no device is reported as inactive', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry');
    await adapter.clock.advanceAsync(300_000);
    adapter.registry.unavailable = true;
    expect((await send(adapter.port, '/telemetry')).status).toBe(503);
    await adapter.clock.advanceAsync(3_600_000);
    expect(causes(adapter)).toEqual(['connected']);
    adapter.registry.unavailable = false;
    await adapter.clock.advanceAsync(299_000);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(5_000);
    const [, second] = await adapter.events(2);
    expect(second).toMatchObject({ reason: 'inactive' });
    expect((second as { uncertaintyMs: number }).uncertaintyMs).toBeGreaterThanOrEqual(4_200_000);
  });

  test('a present device is reported as gone when its access is revoked', async () => {
    const adapter = await givenAnAdapter();
    await send(adapter.port, '/telemetry');
    adapter.registry.disable('acme');
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'access-revoked', initiator: 'operator' });
    expect((await send(adapter.port, '/telemetry')).status).toBe(403);
  });
});

describe('a restart of the HTTP adapter', () => {
  test('keeps leases under the same connection id, with at least one whole interval left', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    await send(before.port, '/telemetry');
    await before.clock.advanceAsync(400_000);
    await before.running.stop({ graceMs: 0 });
    expect(causes(before)).toEqual(['connected']);

    const after = await givenAnAdapter({}, { journal, clock: before.clock });
    await after.clock.advanceAsync(599_000);
    expect(after.sink.events).toEqual([]);
    await after.clock.advanceAsync(1_000);
    const [ended] = await after.events(1);
    expect(ended).toMatchObject({
      type: 'disconnected',
      reason: 'inactive',
      connectionId: before.sink.events[0]?.connectionId,
      epoch: before.sink.events[0]?.epoch,
      uncertaintyMs: 1_000_000,
    });
  });

  test('a device that sends again goes on with its connection; one that lost its access does not', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    await send(before.port, '/telemetry');
    await send(before.port, '/telemetry', { username: 'valve-1@acme' });
    await before.running.stop({ graceMs: 0 });

    const registry = before.registry;
    registry.disable('acme', 'valve-1');
    const after = await givenAnAdapter({}, { journal, clock: before.clock, registry });
    expect((await after.events(1))[0]).toMatchObject({
      reason: 'access-revoked',
      device: { device: 'valve-1' },
    });
    expect((await send(after.port, '/telemetry')).status).toBe(202);
    await after.clock.advanceAsync(600_000);
    expect(causes(after)).toEqual(['access-revoked', 'inactive']);
  });

  test('keeps the rhythm that was learned of a device', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    for (let index = 0; index < 8; index++) {
      await send(before.port, '/telemetry');
      await before.clock.advanceAsync(60_000);
    }
    await before.running.stop({ graceMs: 0 });
    const after = await givenAnAdapter({}, { journal, clock: before.clock });
    await send(after.port, '/telemetry');
    await after.clock.advanceAsync(600_000);
    const [ended] = await after.events(1);
    expect(ended).toMatchObject({ reason: 'inactive', basis: { from: 'learned' } });
    expect((ended as { uncertaintyMs: number }).uncertaintyMs).toBeLessThan(300_000);
  });

  test('does not lengthen a learned interval', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    for (let index = 0; index < 8; index++) {
      await send(before.port, '/telemetry');
      await before.clock.advanceAsync(60_000);
    }
    await before.running.stop({ graceMs: 0 });
    const after = await givenAnAdapter({}, { journal, clock: before.clock });
    await after.clock.advanceAsync(300_000);
    expect((await after.events(1))[0]).toMatchObject({ reason: 'inactive', basis: { from: 'learned' } });
  });

  test('reports no device as inactive until the registry is back', async () => {
    const journal = createMemoryJournal();
    const before = await givenAnAdapter({}, { journal });
    await send(before.port, '/telemetry');
    await before.running.stop({ graceMs: 0 });
    before.registry.unavailable = true;
    const after = await givenAnAdapter({}, { journal, clock: before.clock, registry: before.registry });
    await after.clock.advanceAsync(3_600_000);
    expect(after.sink.events).toEqual([]);
    before.registry.unavailable = false;
    await after.clock.advanceAsync(602_000);
    expect(causes(after)).toEqual(['inactive']);
  });

  test('ends all leases where the operator set that they end at a stop', async () => {
    const adapter = await givenAnAdapter({ endLeasesAtShutdown: true });
    await send(adapter.port, '/telemetry');
    await adapter.running.stop({ graceMs: 0 });
    expect(causes(adapter)).toEqual(['connected', 'adapter-shutdown']);
  });

  test('answers devices that wait for a command when the adapter stops', async () => {
    const adapter = await givenAnAdapter();
    const waiting = send(adapter.port, '/event?hono-ttd=60');
    await adapter.events(1);
    await settled();
    await adapter.running.stop({ graceMs: 0 });
    expect((await waiting).status).toBe(202);
  });
});
