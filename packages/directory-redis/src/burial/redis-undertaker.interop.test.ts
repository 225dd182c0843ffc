import { hasDebianPackage } from '@rollcall/conformance/machine';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ioredisEngine } from '../engine/ioredis-engine.ts';
import { loopback } from '../testing/fleet-on-redis.ts';
import { startRedis, type RedisServer } from '../testing/redis-servers.ts';
import { deathText } from '../wire/death.ts';
import { identityText } from '../wire/identity.ts';
import { keyNames } from '../wire/key-names.ts';
import { shortId } from '../wire/short-id.ts';
import { RedisUndertaker } from './redis-undertaker.ts';

const keys = keyNames('test:');
const dead = shortId('0190a1b2-0000-7000-8000-00000000000a');
const patience = { timeout: 60_000, interval: 20 };

describe.skipIf(!hasDebianPackage('redis-server'))('a death that the engine forgot', () => {
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

  test('is entered again, and what the dead one counted is taken off its tenants', async () => {
    const atMs = Date.now();
    const death = deathText({
      state: 'settled',
      declaredAtMs: atMs,
      aliveAtMs: atMs,
      unconfirmedSince: '0'.repeat(16),
    });
    await operator.hset(keys.instances, dead, identityText({ type: 'mqtt', id: 'mqtt-1' }));
    await operator.hset(keys.deaths, dead, death);
    let looks = 0;
    const open = ioredisEngine({
      address: loopback(server.port),
      credentials: () => ({}),
      name: 'test',
      random: systemRandom,
    });
    const undertaker = new RedisUndertaker(
      { clock: systemClock, random: systemRandom, log: silentLog, deadAfterMs: 1_000, tell: async () => [] },
      keys,
      (listener) => {
        const engine = open(listener);
        const read: typeof engine.read = (command, key, ...args) => {
          if (key === keys.deaths) looks += 1;
          return engine.read(command, key, ...args);
        };
        return { ...engine, read };
      },
    );
    try {
      // The third look begins after the first one is over.
      await vi.waitFor(() => expect(looks).toBeGreaterThan(2), patience);
      // It goes back to what it was while that one was alive.
      await operator
        .multi()
        .hdel(keys.deaths, dead)
        .hset(keys.leases, dead, `1 7 ${atMs} ${'0'.repeat(16)}`)
        .hset(keys.counted(dead), 't', 1_000)
        .hset(keys.totals, 't', 1_500)
        .exec();
      await vi.waitFor(async () => expect(await operator.hget(keys.deaths, dead)).toBe(death), patience);
      expect(await operator.hgetall(keys.totals)).toEqual({ t: '500' });
      expect(await operator.exists(keys.counted(dead), keys.leases)).toBe(0);
    } finally {
      await undertaker.stop();
    }
  });
});
