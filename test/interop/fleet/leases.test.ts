import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startInFleet, type AdapterInFleet } from './adapter-in-fleet.ts';
import { folderWithPump } from './folder-with-pump.ts';
import { startRedisServer, type RedisInTest } from './redis-server.ts';

// Two HTTP adapters as processes behind no balancer at all, one redis-server, and devices whose requests go to either.

/** No machine is so busy that a request is later than this after the one before. */
const intervalMs = 20_000;
const patience = { timeout: 240_000, interval: 50 };
const everyMs = 500;
const pumps = Array.from({ length: 8 }, (_, index) => `pump-${index}`);

describe.skipIf(!hasDebianPackage('redis-server'))('leases of two HTTP adapters on redis-server', () => {
  let folder = '';
  let redis: RedisInTest;
  let a: AdapterInFleet;
  let b: AdapterInFleet;

  beforeAll(async () => {
    folder = await folderWithPump(pumps);
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
      env: { ROLLCALL_LEASE_INTERVAL: String(intervalMs), ROLLCALL_DIRECTORY_DEADAFTER: '3000' },
    });
  }

  /** A request of each. There is no messaging network: what they upload is refused, and they are there nevertheless. */
  async function request({ port }: AdapterInFleet, goodbye = false): Promise<void> {
    const one = async (pump: string): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${port}/event`, {
        method: 'POST',
        headers: {
          'content-type': goodbye ? 'application/vnd.eclipse-hono-empty-notification' : 'text/plain',
          ...(goodbye && { 'hono-ttd': '0' }),
          authorization: `Basic ${Buffer.from(`${pump}@acme:hush`).toString('base64')}`,
        },
        body: goodbye ? '' : 'x',
      });
      await response.text();
      expect(response.status).not.toBe(401);
    };
    await Promise.all(pumps.map(one));
  }

  async function alternate(times: number): Promise<void> {
    for (let index = 0; index < times; index++) {
      await request(index % 2 === 0 ? a : b);
      await delay(everyMs);
    }
  }

  /** Of each pump, what became of its connections. */
  function connections(): ReadonlyMap<string, readonly (string | undefined)[]> {
    const all = [...a.events(), ...b.events()];
    const reasons = new Map(
      all.flatMap((each) => (each.event === 'disconnected' ? [[each.connectionId, each.reason]] : [])),
    );
    // The one that goes on with a lease also says that it began, under the same ids, if the one before may not have said so.
    const begun = new Map(
      all.flatMap((each) => (each.event === 'connected' ? [[each.connectionId, each]] : [])),
    );
    const byPump = Map.groupBy(begun.values(), ({ remoteId }) => remoteId);
    return new Map(
      pumps.map((pump) => [
        pump,
        (byPump.get(pump) ?? []).map(({ connectionId }) => reasons.get(connectionId)),
      ]),
    );
  }

  /**
   * Waits until each pump has one connection that is open, or ended for this reason, and all others of it were taken over: there are
   * others where the engine did not answer in time.
   */
  async function eachHasOne(ended: string | undefined): Promise<void> {
    await expect
      .poll(
        () =>
          [...connections()].filter(
            ([, reasons]) =>
              reasons.filter((reason) => reason !== 'taken-over').length !== 1 || !reasons.includes(ended),
          ),
        patience,
      )
      .toEqual([]);
  }

  /** However busy the machine is, the engine answers in time for some. */
  const someHadOneOnly = (): boolean => [...connections().values()].some(({ length }) => length === 1);

  /** As often as events say. */
  const endings = (): number =>
    [...a.events(), ...b.events()].filter(({ event }) => event === 'disconnected').length;

  test('devices that go from one to the other have one lease each, which ends once, when they are silent', async () => {
    await alternate(8);
    await eachHasOne(undefined);
    await eachHasOne('inactive');
    expect(someHadOneOnly()).toBe(true);
    const told = endings();
    await delay(2_000);
    expect(endings()).toBe(told);
  });

  test('their holder is killed: leases go on where the devices are heard, under their connection ids', async () => {
    await alternate(4);
    await eachHasOne(undefined);
    // The devices are heard until it is killed: the engine may be slow to answer, and leases would end in silence meanwhile.
    await expect
      .poll(async () => {
        await alternate(2);
        return a.readiness('fleet');
      }, patience)
      .toBe('UP');
    const held = a.events().filter(({ event }) => event === 'connected');
    await a.process.end('SIGKILL');
    const moved = (): number => held.filter(({ connectionId }) => wentOn(connectionId)).length;
    // As long as a holder that is gone keeps them, and until the last of them has ended in silence.
    for (let index = 0; index < 20; index++) {
      await request(b);
      await delay(everyMs);
    }
    await eachHasOne(undefined);
    await eachHasOne('inactive');
    expect(moved()).toBeGreaterThan(0);
  });

  /** Whether the other one told how the lease ended that this one began. */
  const wentOn = (connection: string): boolean =>
    b.events().some(({ connectionId, reason }) => connectionId === connection && reason === 'inactive');

  test('the engine is stopped: both adapters serve the devices, which stay online, and have one lease each afterwards', async () => {
    await alternate(4);
    redis.signal('SIGSTOP');
    await alternate(30);
    redis.signal('SIGCONT');
    await expect
      .poll(async () => {
        await alternate(2);
        return Promise.all([a, b].map((each) => each.readiness('fleet')));
      }, patience)
      .toEqual(['UP', 'UP']);
    await eachHasOne(undefined);
    await eachHasOne('inactive');
  });

  test('a goodbye to the other adapter ends each lease once', async () => {
    await alternate(4);
    await eachHasOne(undefined);
    await request(b, true);
    await eachHasOne('client-closed');
    expect(someHadOneOnly()).toBe(true);
    const told = endings();
    await delay(2_000);
    expect(endings()).toBe(told);
  });
});
