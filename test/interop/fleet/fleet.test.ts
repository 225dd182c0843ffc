import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startInFleet, type AdapterInFleet } from './adapter-in-fleet.ts';
import { folderWithPump } from './folder-with-pump.ts';
import { startRedisServer, type RedisInTest } from './redis-server.ts';

// Two MQTT adapters as processes, one redis-server, and devices that go from one to the other.

const devices = 60;
const patience = { timeout: 240_000, interval: 50 };

describe.skipIf(!hasDebianPackage('redis-server'))('a fleet of two adapters on redis-server', () => {
  let folder = '';
  let redis: RedisInTest;
  let a: AdapterInFleet;
  let b: AdapterInFleet;
  const clients: MqttClient[] = [];

  beforeAll(async () => {
    folder = await folderWithPump();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    redis = await startRedisServer();
    [a, b] = await Promise.all([start('a'), start('b')]);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.end(true);
    redis.signal('SIGCONT');
    for (const { process } of [a, b]) process.child.kill('SIGCONT');
    await Promise.all([a, b].map(({ process }) => process.end('SIGTERM')));
    await redis.stop();
    await rm(join(folder, 'journals'), { recursive: true, force: true });
  });

  function start(id: string): Promise<AdapterInFleet> {
    return startInFleet({
      id,
      registry: join(folder, 'registry.yaml'),
      journal: join(folder, 'journals', id),
      directory: redis.url,
    });
  }

  /** Resolves once it is answered; rejects where it is refused. */
  async function connect({ port }: AdapterInFleet, clientId: string): Promise<MqttClient> {
    const client = await mqtt.connectAsync({
      host: '127.0.0.1',
      port,
      clientId,
      username: 'pump@acme',
      password: 'hush',
      reconnectPeriod: 0,
      protocolVersion: 5,
    });
    clients.push(client);
    return client;
  }

  async function connectAll(adapter: AdapterInFleet): Promise<readonly MqttClient[]> {
    return Promise.all(Array.from({ length: devices }, (_, index) => connect(adapter, `pump-${index}`)));
  }

  /** Of how many connections the engine knows. A device that it does not answer in time is answered without it. */
  const known = async (): Promise<number> => {
    const count = `local count = 0
      for _, key in ipairs(redis.call('KEYS', '*}i:*')) do count = count + redis.call('HLEN', key) end
      return count`;
    return Number(await redis.command('EVAL', count, '0'));
  };

  const isOpen = (each: readonly MqttClient[]): number => each.filter(({ connected }) => connected).length;

  test('devices that connect to the other adapter are taken over from the first, each told once, and back', async () => {
    const first = await connectAll(a);
    const second = await connectAll(b);
    await expect.poll(() => isOpen(first), patience).toBe(0);
    await expect.poll(() => a.ended('taken-over'), patience).toBe(devices);
    const third = await connectAll(a);
    await expect.poll(() => b.ended('taken-over'), patience).toBe(devices);
    await expect.poll(() => [isOpen(second), isOpen(third)], patience).toEqual([0, devices]);
    // What one adapter tells may come behind what the other one tells of it.
    await expect
      .poll(() => [a.events().length, b.events().length], patience)
      .toEqual([3 * devices, 2 * devices]);
  });

  test('no device is refused while the engine is stopped, and devices that connected twice are found when it continues', async () => {
    const first = await connectAll(a);
    redis.signal('SIGSTOP');
    const second = await connectAll(b);
    expect([isOpen(first), isOpen(second)], 'nobody can know').toEqual([devices, devices]);
    await expect.poll(() => b.readiness('fleet'), patience).toBe('FLEET_AWAY');
    redis.signal('SIGCONT');
    await expect.poll(() => a.ended('taken-over'), patience).toBe(devices);
    await expect.poll(() => b.readiness('fleet'), patience).toBe('UP');
    await expect.poll(() => [isOpen(first), isOpen(second)], patience).toEqual([0, devices]);
    expect(b.ended('taken-over')).toBe(0);
  });

  test('an engine that was killed and starts with nothing is told again what is open', async () => {
    const first = await connectAll(a);
    await redis.restartEmpty();
    await expect.poll(() => a.readiness('fleet'), patience).toBe('UP');
    await connectAll(b);
    await expect.poll(() => a.ended('taken-over'), patience).toBe(devices);
    await expect.poll(() => isOpen(first), patience).toBe(0);
  });

  test('an adapter that is stopped for a moment learns which connections it lost, and no device is reported as lost', async () => {
    const first = await connectAll(a);
    a.process.child.kill('SIGSTOP');
    const moved = await Promise.all(Array.from({ length: 10 }, (_, index) => connect(b, `pump-${index}`)));
    a.process.child.kill('SIGCONT');
    await expect.poll(() => a.ended('taken-over'), patience).toBe(10);
    await expect.poll(() => [isOpen(first), isOpen(moved)], patience).toEqual([devices - 10, 10]);
    await expect.poll(() => a.events(), patience).toHaveLength(devices + 10);
  });

  test('an adapter that is killed and started again tells once that its sessions are lost, without those that moved', async () => {
    await connectAll(a);
    await Promise.all(Array.from({ length: 10 }, (_, index) => connect(b, `pump-${index}`)));
    await expect.poll(() => a.ended('taken-over'), patience).toBe(10);
    await a.process.end('SIGKILL');
    a = await start('a');
    await expect.poll(() => a.ended('adapter-lost'), patience).toBe(devices - 10);
    await connectAll(b);
    await expect.poll(() => b.ended('taken-over'), patience).toBe(10);
    // What the run before could not confirm in time may come again, as itself.
    expect(a.ended('adapter-lost')).toBe(devices - 10);
  });

  test('an adapter that is killed and not started again: the other one tells that its sessions are lost, each once', async () => {
    await connectAll(a);
    await Promise.all(Array.from({ length: 10 }, (_, index) => connect(b, `pump-${index}`)));
    await expect.poll(() => a.ended('taken-over'), patience).toBe(10);
    await expect.poll(known, patience).toBe(devices);
    const began = a.events().filter(({ event }) => event === 'connected');
    const moved = a.events().filter(({ reason }) => reason === 'taken-over');
    const left = new Set(began.map(({ connectionId }) => connectionId));
    for (const { connectionId } of moved) left.delete(connectionId);
    await a.process.end('SIGKILL');
    await expect.poll(() => b.ended('adapter-lost'), patience).toBe(devices - 10);
    // Then it starts again, and has nothing to tell.
    a = await start('a');
    await connectAll(a);
    // What the dead one noted may come again, as itself.
    const noted = new Set(moved.map(({ connectionId }) => connectionId));
    const takenOver = () =>
      b.events().filter(({ reason, connectionId }) => reason === 'taken-over' && !noted.has(connectionId));
    await expect.poll(() => takenOver().length, patience).toBe(10);
    expect([a.ended('adapter-lost'), b.ended('adapter-lost')]).toEqual([0, devices - 10]);
    const told = b.events().filter(({ reason }) => reason === 'adapter-lost');
    expect(new Set(told.map(({ connectionId }) => connectionId))).toEqual(left);
  });
});
