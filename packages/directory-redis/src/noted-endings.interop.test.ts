import { anEnding } from '@rollcall/conformance';
import { deadAfterMsUnderTest, joinFleet } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fleetOnRedis, loopback } from './testing/fleet-on-redis.ts';
import { startRedis, type RedisServer } from './testing/redis-servers.ts';

const patience = { timeout: 240_000, interval: 50 };

describe.skipIf(!hasDebianPackage('redis-server'))('what an instance noted of endings', () => {
  let server: RedisServer;
  let operator: Redis;
  beforeAll(async () => {
    server = await startRedis();
    operator = new Redis({ port: server.port, host: '127.0.0.1' });
  });
  afterAll(async () => {
    operator.disconnect();
    await server.stop();
  });

  test('is forgotten after a while, and kept once it is dead, however long telling takes', async () => {
    const fleet = fleetOnRedis(loopback(server.port));
    const [a, witness] = [await joinFleet(fleet), await joinFleet(fleet)];
    // More buckets than are buried at a time.
    const entries = Array.from({ length: 60 }, (_, index) => a.entry(`d-${index}`, 'x'));
    await Promise.all(entries.map((entry) => a.directory.enter(entry)));
    for (const entry of entries) await a.directory.leave(entry, anEnding(entry.event));
    const noted = async (): Promise<{
      readonly count: number;
      readonly shortest: number;
      longest: number;
    }> => {
      const keys = await operator.keys('*}x:*');
      const counts = await Promise.all(keys.map((key) => operator.hlen(key)));
      const lives = await Promise.all(keys.map((key) => operator.ttl(key)));
      const count = counts.reduce((sum, each) => sum + each, 0);
      return { count, shortest: Math.min(...lives), longest: Math.max(...lives) };
    };
    const before = await noted();
    expect(before.count).toBe(60);
    expect(before.shortest).toBeGreaterThan(0);
    expect(before.longest).toBeLessThanOrEqual(2 * (deadAfterMsUnderTest / 1_000) + 30);
    fleet.freeze(a.instance);
    const told = Promise.withResolvers<void>();
    const undertaker = await fleet.createUndertaker({
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      deadAfterMs: deadAfterMsUnderTest,
      tell: (_dead, owed) => told.promise.then(() => owed.map(({ event }) => event.connectionId)),
    });
    await vi.waitFor(async () => expect((await noted()).shortest).toBeGreaterThan(24 * 3_600), patience);
    expect((await noted()).count).toBe(60);
    told.resolve();
    await vi.waitFor(async () => expect((await noted()).count).toBe(0), patience);
    await undertaker.stop();
    await witness.directory.close();
    await a.directory.close();
  });

  test('is not kept for a user that may not let keys expire: all else goes on', async () => {
    await operator.call('ACL', 'SETUSER', 'default', '-expire');
    try {
      const fleet = fleetOnRedis(loopback(server.port));
      const a = await joinFleet(fleet);
      const entry = a.entry('d-1', 'x');
      await a.directory.enter(entry);
      const before = await operator.dbsize();
      await a.directory.leave(entry, anEnding(entry.event));
      expect(await operator.dbsize(), 'its record and its slot are gone').toBe(before - 2);
      await a.directory.close();
    } finally {
      await operator.call('ACL', 'SETUSER', 'default', '+expire');
    }
  });
});
