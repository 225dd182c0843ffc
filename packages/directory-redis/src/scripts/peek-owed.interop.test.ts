import { anEvent } from '@rollcall/conformance';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../testing/redis-servers.ts';
import { bodyText } from '../wire/body.ts';
import { readRecord, recordText } from '../wire/record.ts';
import { peekOwed } from './peek-owed.ts';

const [field, dead, connection, device] = ['f', 'dead-one', 'c1', 'd'];
const intervalMs = 30_000;

describe.skipIf(!hasDebianPackage('redis-server'))('the lease of a dead incarnation', () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis({ port: server.port, host: '127.0.0.1' });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  // Its holder notes it each quarter of its interval, and may have renewed it at its last sign of life.
  test.each([
    ['undecided', -1_000, -10_000],
    ['undecided', 1_000, -60_000],
    ['decided', -1_000, -intervalMs - 5_000],
  ])(
    'is %s: noted to run out at %i ms, last sign of life at %i ms from now',
    async (state, untilMs, aliveMs) => {
      await redis.flushall();
      const now = Number((await redis.time())[0]) * 1_000;
      const basis = { kind: 'lease', intervalMs, from: 'learned', detectWithinMs: intervalMs } as const;
      const body = bodyText({
        event: { ...anEvent('e1'), basis },
        lease: { slot: 'sensor', basis, heardAtMs: now + untilMs - intervalMs, untilMs: now + untilMs },
      });
      await redis.hset('owed', connection, recordText({ device, field, body, untilMs: now + untilMs }));
      await redis.hset(`devices:${device}`, field, `1${'0'.repeat(16)}${dead} ${connection}`);
      const answer = (await redis.eval(
        peekOwed.lua,
        4,
        ...['owed', 'fenced', 'burying', 'heard'],
        ...[dead, 'undertaker', 'devices:', '0', '', '', String(now + aliveMs)],
      )) as unknown[];
      expect(answer[2]).toBe(connection);
      expect(readRecord(answer[3])?.verdict).toBe(state === 'decided' ? 'adapter-lost' : undefined);
    },
  );
});
