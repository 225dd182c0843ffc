import { anEvent } from '@rollcall/conformance';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../testing/redis-servers.ts';
import { bodyText } from '../wire/body.ts';
import { recordText } from '../wire/record.ts';
import { claimSlot } from './claim-slot.ts';

const [field, channels, owedBy, device] = ['f', 'c:', 'o:', 'd'];

/** A connection of an adapter: when its device connected by the engine's clock, and its epoch by the clock of the adapter. */
interface Claimed {
  readonly by: string;
  /** Absent: the adapter does not know the engine's clock, or is of an older version. */
  readonly atMs?: number;
  readonly epoch: number;
}

describe.skipIf(!hasDebianPackage('redis-server'))('a claim that comes late', () => {
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

  /** Who has the slot once both claims came. */
  async function holderOf(first: Claimed, late: Claimed): Promise<string | undefined> {
    await redis.flushall();
    await claim(first);
    await claim(late);
    return /^1[0-9a-f]{16}(\S+) /.exec((await redis.hget(device, field)) ?? '')?.[1];
  }

  function claim({ by, atMs, epoch }: Claimed): Promise<unknown> {
    const connection = `of-${by}`;
    const body = bodyText({ event: anEvent(by), ...(atMs !== undefined && { claimedAtMs: atMs }) });
    return redis.eval(
      claimSlot.lua,
      4,
      ...[device, owedBy + by, 'fenced', `ended:${connection}`],
      ...[field, epoch.toString(16).padStart(16, '0'), by, connection],
      ...[recordText({ device, field, body }), '', '', channels, owedBy, 'session', 't:', ''],
    );
  }

  test.each<[winner: string, first: Claimed, late: Claimed]>([
    ['b', { by: 'a', atMs: 1_000, epoch: 900 }, { by: 'b', atMs: 1_001, epoch: 5 }],
    ['b', { by: 'a', atMs: 1_000, epoch: 5 }, { by: 'b', atMs: 1_001, epoch: 900 }],
    ['a', { by: 'a', atMs: 1_001, epoch: 5 }, { by: 'b', atMs: 1_000, epoch: 900 }],
    ['a', { by: 'a', atMs: 1_001, epoch: 900 }, { by: 'b', atMs: 1_000, epoch: 5 }],
  ])('%s wins, whose device connected later, whatever the epochs: %o, %o', async (winner, first, late) => {
    expect(await holderOf(first, late)).toBe(winner);
  });

  test('the holder is known also where a later version appended to its claim', async () => {
    await redis.flushall();
    await claim({ by: 'a', atMs: 1_001, epoch: 5 });
    await redis.hset(device, field, `${await redis.hget(device, field)} more of it`);
    // Refused: the answer names the claim that stays.
    expect(await claim({ by: 'b', atMs: 1_000, epoch: 900 })).toEqual([
      0,
      expect.stringMatching(/ more of it$/),
    ]);
  });

  test.each<[winner: string, first: Claimed, late: Claimed]>([
    ['a', { by: 'a', atMs: 1_000, epoch: 900 }, { by: 'b', epoch: 5 }],
    ['b', { by: 'a', epoch: 5 }, { by: 'b', atMs: 1_000, epoch: 900 }],
    ['a', { by: 'a', atMs: 1_000, epoch: 900 }, { by: 'b', atMs: 1_000, epoch: 5 }],
    ['b', { by: 'a', atMs: 1_000, epoch: 5 }, { by: 'b', atMs: 1_000, epoch: 900 }],
  ])('%s wins, whose epoch is later, where the times say nothing: %o, %o', async (winner, first, late) => {
    expect(await holderOf(first, late)).toBe(winner);
  });
});
