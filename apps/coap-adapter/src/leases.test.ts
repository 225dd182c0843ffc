import { createMemoryJournal } from '@rollcall/outbox';
import { settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import type { CoapDevice } from './testing/coap-device.ts';
import { causes, empty, givenAConnectedDevice, givenADevice } from './testing/adapter-bed.ts';

const minute = 60_000;

/** Another device, which is answered once the adapter has read what was sent to it before. */
async function witnessOf({ port }: { readonly port: number }): Promise<() => Promise<void>> {
  const witness = givenADevice(port, { username: 'valve-1@acme' });
  expect(await witness.connect()).toBe(true);
  return async () => expect(await witness.coap.ping()).toBe(true);
}

describe('leases', () => {
  test('a request begins a lease, and a handshake does not', async () => {
    const { device, sink, events } = await givenAConnectedDevice();
    await settled();
    expect(sink.events).toEqual([]);
    await device.send('telemetry');
    expect((await events(1))[0]).toMatchObject({
      type: 'connected',
      protocol: 'CoAP/DTLS 1.2',
      remoteId: 'thermostat-7',
      basis: { kind: 'lease', intervalMs: 10 * minute, from: 'default' },
    });
  });

  test.each([
    ['an unknown resource', 'nowhere', {}],
    ['an unknown critical option', 'telemetry', { options: [{ number: 65_001, value: new Uint8Array() }] }],
    ['a payload that is too large', 'telemetry', { payload: Buffer.alloc(3_000), blockBytes: 1_024 }],
  ])('a request that is refused for %s begins a lease', async (_what, path, request) => {
    const { device, events } = await givenAConnectedDevice();
    expect(await device.send(path, request)).toMatch(/^4\./);
    expect((await events(1))[0]).toMatchObject({ type: 'connected' });
  });

  test('a ping of the device renews its lease', async () => {
    const { device, clock, events, sink } = await givenAConnectedDevice();
    await device.send('telemetry');
    await clock.advanceAsync(9 * minute);
    expect(await device.coap.ping()).toBe(true);
    await clock.advanceAsync(9 * minute);
    expect(sink.events).toHaveLength(1);
    await clock.advanceAsync(minute);
    expect((await events(2))[1]).toMatchObject({ reason: 'inactive', uncertaintyMs: 10 * minute });
  });

  test.each([
    ['an empty record', async ({ device }) => device.dtls.send(Buffer.alloc(0))],
    ['another handshake', async ({ port }) => givenADevice(port).connect()],
  ] satisfies [string, (adapter: Awaited<ReturnType<typeof givenAConnectedDevice>>) => Promise<unknown>][])(
    '%s renews the lease',
    async (_what, sign) => {
      const adapter = await givenAConnectedDevice();
      const { device, clock, events, sink } = adapter;
      const witness = await witnessOf(adapter);
      await device.send('telemetry');
      await clock.advanceAsync(9 * minute);
      await sign(adapter);
      await witness();
      await clock.advanceAsync(9 * minute);
      expect(sink.events).toHaveLength(1);
      await clock.advanceAsync(minute);
      expect((await events(2))[1]).toMatchObject({ reason: 'inactive', uncertaintyMs: 10 * minute });
    },
  );

  test.each([
    ['a goodbye', (device: CoapDevice) => void device.send('event?empty&hono-ttd=0', empty).catch(() => {})],
    ['close_notify', (device: CoapDevice) => device.dtls.close()],
  ])('%s counts from when it arrived, and ends all that came before it', async (_what, leave) => {
    const adapter = await givenAConnectedDevice();
    const { device, clock, registry } = adapter;
    const witness = await witnessOf(adapter);
    const release = registry.hold();
    for (const _each of [1, 2]) device.send('telemetry', { confirmable: false }).catch(() => {});
    await witness();
    clock.advance(1);
    leave(device);
    await witness();
    await clock.advanceAsync(3_000);
    release();
    await adapter.events(2);
    await settled();
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
    expect(adapter.sink.events[1]).toMatchObject({ uncertaintyMs: 3_000 });
  });

  test('an interval that is changed in the registry counts from the next request on', async () => {
    const adapter = await givenAConnectedDevice({}, { tenant: { presenceIntervalSeconds: 600 } });
    await adapter.device.send('telemetry');
    adapter.registry.setTenant('acme', { presenceIntervalSeconds: 120 });
    await settled();
    await adapter.device.send('telemetry');
    await adapter.clock.advanceAsync(2 * minute);
    expect((await adapter.events(2))[1]).toMatchObject({
      reason: 'inactive',
      basis: { intervalMs: 2 * minute, from: 'declared', detectWithinMs: 2 * minute },
    });
  });

  test('a goodbye ends the lease, and a goodbye of an absent device begins none', async () => {
    const adapter = await givenAConnectedDevice();
    expect(await adapter.device.send('event?empty&hono-ttd=0', empty)).toBe('2.04');
    await adapter.device.send('telemetry');
    expect(await adapter.device.send('event?empty&hono-ttd=0', empty)).toBe('2.04');
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('close_notify of the last association ends the lease of a device that declared no interval', async () => {
    const adapter = await givenAConnectedDevice();
    const second = givenADevice(adapter.port);
    await second.connect();
    await adapter.device.send('telemetry');
    await second.send('telemetry');
    second.dtls.close();
    await settled();
    expect(causes(adapter)).toEqual(['connected']);
    adapter.device.dtls.close();
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('close_notify ends the lease though an older association, left behind in a crash, is open', async () => {
    const adapter = await givenAConnectedDevice();
    await adapter.device.send('telemetry');
    adapter.device.dtls.vanish();
    const restarted = givenADevice(adapter.port);
    await restarted.connect();
    await restarted.send('telemetry');
    restarted.dtls.close();
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('close_notify does not end the lease of a device with a declared interval', async () => {
    const adapter = await givenAConnectedDevice({}, { tenant: { presenceIntervalSeconds: 60 } });
    await adapter.device.send('telemetry');
    adapter.device.dtls.close();
    await settled();
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(minute);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  test('a device that sends a request and closes at once is reported as connected, then as gone', async () => {
    const adapter = await givenAConnectedDevice();
    const release = adapter.registry.hold();
    void adapter.device.coap
      .request({
        path: ['telemetry'],
        payload: Buffer.from('x'),
        confirmable: false,
      })
      .catch(() => {});
    adapter.device.dtls.close();
    await settled();
    release();
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });

  test('a device that comes from another address goes on with its association and its lease', async () => {
    const adapter = await givenAConnectedDevice({}, {}, { connectionId: Buffer.alloc(0) });
    await adapter.device.send('telemetry');
    await adapter.device.rebind();
    expect(await adapter.device.send('telemetry')).toBe('2.04');
    expect(causes(adapter)).toEqual(['connected']);
  });

  test('a lease goes on after a restart, under the same connection id and without an event', async () => {
    const journal = createMemoryJournal();
    const before = await givenAConnectedDevice({}, { journal });
    await before.device.send('telemetry');
    await before.running.stop({ graceMs: 0 });
    const after = await givenAConnectedDevice({}, { journal });
    await after.device.send('telemetry');
    await after.device.send('event?empty&hono-ttd=0', empty);
    const [ended] = await after.events(1);
    expect(ended).toMatchObject({
      reason: 'client-closed',
      connectionId: before.sink.events[0]?.connectionId,
    });
  });

  test('a device that is disabled loses its lease and its association, and hears 4.04 when it comes again', async () => {
    const adapter = await givenAConnectedDevice();
    await adapter.device.send('telemetry');
    adapter.registry.disable('acme', 'thermostat-7');
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'access-revoked']);
    while (adapter.device.dtls.isOpen) await settled();
    const again = givenADevice(adapter.port);
    expect(await again.connect()).toBe(true);
    expect(await again.send('telemetry')).toBe('4.04');
    expect(causes(adapter)).toEqual(['connected', 'access-revoked']);
  });
});

describe('a message that arrives while an earlier one is under way', () => {
  test('a goodbye counts when it arrives, though an upload before it is not done', async () => {
    const { device, sender, clock, events } = await givenAConnectedDevice();
    await device.send('telemetry');
    const { promise, resolve } = Promise.withResolvers<void>();
    sender.outcome = async () => {
      await promise;
      return { status: 'accepted' };
    };
    const uploading = device.send('event');
    await expect.poll(() => sender.messages.length).toBe(2);
    await clock.advanceAsync(2_000);
    const leaving = device.send('event?empty&hono-ttd=0', empty);
    const [first, second] = await events(2);
    await clock.advanceAsync(5_000);
    resolve();
    await Promise.all([uploading, leaving]);
    expect(second).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(2_000);
  });

  test('a goodbye ends the lease of a request before it, for which the registry was asked and has not answered', async () => {
    const adapter = await givenAConnectedDevice();
    const release = adapter.registry.hold();
    const uploading = adapter.device.send('event');
    const leaving = adapter.device.send('event?empty&hono-ttd=0', empty);
    await settled();
    release();
    await Promise.all([uploading, leaving]);
    await adapter.events(2);
    expect(causes(adapter)).toEqual(['connected', 'client-closed']);
  });
});
