import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { startForTest } from '@rollcall/adapter-process/testing';
import { ManualClock, settled } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { scriptedAuthorities } from '@rollcall/conformance/registry';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAmqpAdapter } from './adapter.ts';
import { connectClient, givenADevice, givenAnAdapter, options } from './testing/amqp-bed.ts';

describe('a connection over AMQP', () => {
  test('the connected event has the container id, the protocol and the idle time-out', async () => {
    const { events } = await givenADevice({ containerId: 'unit-7' });
    const [event] = await events(1);
    expect(event).toMatchObject({
      remoteId: 'unit-7',
      protocol: 'AMQP 1.0',
      basis: { kind: 'session', detectWithinMs: 60_000 },
      adapter: { type: 'hono-amqp' },
    });
    expect(event).not.toHaveProperty('slot');
  });

  test('a device is told how many sessions it may begin, and how many links each may have', async () => {
    const { device, linkToSend } = await givenADevice();
    expect(device.connection).toMatchObject({ channel_max: 7, offered_capabilities: ['ANONYMOUS-RELAY'] });
    const { remote } = linkToSend.session as unknown as { remote: { begin: { handle_max: number } } };
    expect(remote.begin.handle_max).toBe(63);
  });

  test('a container that does not ask to be the only one may connect twice', async () => {
    const { address, events } = await givenADevice();
    expect(await connectClient(address.port).opened).toBe(true);
    expect((await events(2)).map(({ type }) => type)).toEqual(['connected', 'connected']);
  });

  test('a device that is taken over, and one whose access ends, hear why', async () => {
    const desired = 'sole-connection-for-container';
    const { address, device, registry } = await givenADevice({ desired });
    const second = connectClient(address.port, { desired });
    await device.over;
    expect(device.condition()).toBe('amqp:resource-locked');
    expect(await second.opened).toBe(true);
    registry.disable('acme');
    await second.over;
    expect(second.condition()).toBe('amqp:unauthorized-access');
  });

  test('a device that connects to another adapter of the fleet as the only one hears why', async () => {
    const desired = 'sole-connection-for-container';
    const clock = new ManualClock();
    const { create: directory } = new MemoryFleet(clock);
    const a = await givenAnAdapter({}, { clock, directory, settings: { adapterId: 'a' } });
    const b = await givenAnAdapter({}, { clock, directory, seed: 2, settings: { adapterId: 'b' } });
    const older = connectClient(a.address.port, { desired });
    expect(await older.opened).toBe(true);
    expect(await connectClient(b.address.port, { desired }).opened).toBe(true);
    await older.over;
    expect(older.condition()).toBe('amqp:resource-locked');
    expect((await a.events(2))[1]).toMatchObject({ reason: 'taken-over' });
  });

  test('a container id that is too long is refused before another session of the device makes room', async () => {
    const adapter = await givenAnAdapter({}, { settings: { maxSessionsPerDevice: 1 } });
    expect(await connectClient(adapter.address.port).opened).toBe(true);
    // The first one could be ended for one that is let in.
    await adapter.clock.advanceAsync(59_999);
    const refused = connectClient(adapter.address.port, { containerId: 'x'.repeat(300) });
    await refused.over;
    expect(refused.condition()).toBe('amqp:invalid-field');
    await settled();
    expect(adapter.sink.events.map(({ type }) => type)).toEqual(['connected']);
    expect(adapter.logged.filter(({ message }) => message === 'device refused')).toMatchObject([
      { facts: { problem: 'identifier-rejected', tenant: 'acme' } },
    ]);
  });

  test('a tenant that is disabled is told once the connection is open', async () => {
    const adapter = await givenAnAdapter();
    adapter.registry.disable('acme');
    const refused = connectClient(adapter.address.port);
    await refused.over;
    expect(refused.condition()).toBe('amqp:unauthorized-access');
    await settled();
    expect(adapter.sink.events).toEqual([]);
  });

  test('a registry that is away is no fault of the device', async () => {
    const adapter = await givenAnAdapter();
    adapter.registry.unavailable = true;
    expect(await connectClient(adapter.address.port).opened).toBe(false);
    expect(adapter.sink.events).toEqual([]);
  });

  test('a network connection that does not open in time is closed', async () => {
    const { address, clock } = await givenAnAdapter();
    const before = clock.armed;
    const socket = connectSocket(address.port, '127.0.0.1').resume();
    while (clock.armed === before) await settled();
    const closed = once(socket, 'close');
    await clock.advanceAsync(options.openTimeoutMs);
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  test('a device that breaks the protocol is reported with protocol-error', async () => {
    const { device, events } = await givenADevice();
    (device.connection as unknown as { socket: { write(bytes: Uint8Array): void } }).socket.write(
      Buffer.alloc(8),
    );
    expect((await events(2))[1]).toMatchObject({
      reason: 'protocol-error',
      raw: { text: 'a frame is too small or too large' },
    });
  });

  test('a device that closes with an error leaves unclean', async () => {
    const { device, events } = await givenADevice();
    device.connection.close({ condition: 'amqp:internal-error', description: 'out of memory' });
    expect((await events(2))[1]).toMatchObject({
      reason: 'client-closed',
      clean: false,
      raw: { code: 'amqp:internal-error', text: 'out of memory' },
    });
  });

  test('a device over TLS logs in with a password or with a certificate', async () => {
    const { key, cert } = localhostCertificate();
    const { plain: _plain, ...withoutPlain } = options;
    const adapter = await startForTest(
      createAmqpAdapter({ ...withoutPlain, tls: { host: '127.0.0.1', port: 0, key, cert } }),
    );
    onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
    expect(await connectClient(adapter.address.port, { tls: { ca: cert } }).opened).toBe(true);
    const own = scriptedAuthorities.umbrella.issue({ subject: 'CN=valve-1,O=umbrella' });
    const tls = { ca: cert, key: own.key, cert: own.cert };
    expect(await connectClient(adapter.address.port, { tls, nameless: true }).opened).toBe(true);
    expect((await adapter.events(2)).map(({ device }) => device)).toEqual([
      { tenant: 'acme', device: 'thermostat-7' },
      { tenant: 'umbrella', device: 'valve-1' },
    ]);
  });
});
