import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startInFleet, type AdapterInFleet } from './adapter-in-fleet.ts';
import { folderWithPump } from './folder-with-pump.ts';
import { startRedisServer, type RedisInTest } from './redis-server.ts';

// Two HTTP adapters as processes behind no balancer at all, one redis-server, and a device whose requests go to either.

const patience = { timeout: 60_000, interval: 50 };
const everyMs = 500;

describe.skipIf(!hasDebianPackage('redis-server'))('leases of two HTTP adapters on redis-server', () => {
  let folder = '';
  let redis: RedisInTest;
  let a: AdapterInFleet;
  let b: AdapterInFleet;

  beforeAll(async () => {
    folder = await folderWithPump();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    redis = await startRedisServer();
    [a, b] = await Promise.all([start('a'), start('b')]);
  });
  afterEach(async () => {
    redis.signal('SIGCONT');
    await Promise.all([a, b].map(({ process }) => process.end('SIGTERM')));
    await redis.stop();
    await rm(join(folder, 'journals'), { recursive: true, force: true });
  });

  function start(id: string): Promise<AdapterInFleet> {
    return startInFleet({
      app: 'http-adapter',
      id,
      registry: join(folder, 'registry.yaml'),
      journal: join(folder, 'journals', id),
      directory: redis.url,
      env: { ROLLCALL_LEASE_INTERVAL: '6000', ROLLCALL_DIRECTORY_DEADAFTER: '3000' },
    });
  }

  /** There is no messaging network: what is uploaded is refused, and the device is there nevertheless. */
  async function request({ port }: AdapterInFleet, goodbye = false): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${port}/event`, {
      method: 'POST',
      headers: {
        'content-type': goodbye ? 'application/vnd.eclipse-hono-empty-notification' : 'text/plain',
        ...(goodbye && { 'hono-ttd': '0' }),
        authorization: `Basic ${Buffer.from('pump@acme:hush').toString('base64')}`,
      },
      body: goodbye ? '' : 'x',
    });
    await response.text();
    expect(response.status).not.toBe(401);
  }

  const events = () => [...a.events(), ...b.events()];

  async function alternate(times: number): Promise<void> {
    for (let index = 0; index < times; index++) {
      await request(index % 2 === 0 ? a : b);
      await delay(everyMs);
    }
  }

  test('a device that goes from one to the other has one lease, which ends once, when it is silent', async () => {
    await alternate(30);
    expect(events().map(({ event }) => event)).toEqual(['connected']);
    await expect.poll(() => events().length, patience).toBe(2);
    expect(events()[1]).toMatchObject({ event: 'disconnected', reason: 'inactive' });
    await delay(2_000);
    expect(events()).toHaveLength(2);
  });

  test('its holder is killed: it goes on where the device is heard, under its connection id', async () => {
    await alternate(4);
    const [{ connectionId } = { connectionId: '' }] = a.events();
    await a.process.end('SIGKILL');
    for (let index = 0; index < 20; index++) {
      await request(b);
      await delay(everyMs);
    }
    expect(b.events()).toEqual([]);
    await expect.poll(() => b.events().length, patience).toBe(1);
    expect(b.events()[0]).toMatchObject({ event: 'disconnected', reason: 'inactive', connectionId });
  });

  test('the engine stands still: both serve the device, which is online throughout, and has one lease afterwards', async () => {
    await alternate(4);
    redis.signal('SIGSTOP');
    await alternate(30);
    redis.signal('SIGCONT');
    await alternate(10);
    const ended = new Set(
      events().flatMap(({ event, connectionId }) => (event === 'disconnected' ? [connectionId] : [])),
    );
    const open = new Set(
      events()
        .map(({ connectionId }) => connectionId)
        .filter((id) => !ended.has(id)),
    );
    expect(open.size).toBe(1);
    const endings = events().filter(({ event }) => event === 'disconnected');
    expect(endings.every(({ reason }) => reason === 'taken-over')).toBe(true);
    await expect.poll(() => events().filter(({ reason }) => reason === 'inactive').length, patience).toBe(1);
  });

  test('a goodbye to the other one ends it, once', async () => {
    await alternate(4);
    await request(b, true);
    await expect.poll(() => a.ended('client-closed'), patience).toBe(1);
    await delay(2_000);
    expect(events()).toHaveLength(2);
  });
});
