import { setTimeout as delay } from 'node:timers/promises';
import { recordingLog } from '@rollcall/conformance';
import { deadAfterMsUnderTest, joinFleet as join, type FleetMember } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { redisFleet, type RedisFleetOptions } from './redis-fleet.ts';
import { loopback } from './testing/fleet-on-redis.ts';
import { slowRelayTo } from './testing/slow-relay.ts';
import { startRedis, type RedisServer } from './testing/redis-servers.ts';
import { lossesOf } from './testing/losses-of.ts';

// An engine that can be reached, but does not do what it is asked: full, read-only, slow, or with another password.

const prefix = 'unwilling:';
const patience = { timeout: 240_000, interval: 50 };

describe.skipIf(!hasDebianPackage('redis-server'))('an unwilling engine', () => {
  let server: RedisServer;
  let redis: Redis;
  const toEnd: (() => Promise<unknown> | void)[] = [];

  beforeEach(async () => {
    server = await startRedis(['--enable-debug-command', 'yes']);
    redis = new Redis({ port: server.port, host: '127.0.0.1' });
    toEnd.push(
      () => server.stop(),
      () => redis.disconnect(),
    );
  });
  afterEach(async () => {
    for (const end of toEnd.splice(0).toReversed()) await end();
  });

  /** Two adapters that each end the connections of dead instances, and the endings that they published. */
  async function fleetOfTwo(options: Partial<RedisFleetOptions> = {}) {
    const fleet = redisFleet({ address: loopback(server.port), credentials: () => ({}), prefix, ...options });
    const log = recordingLog();
    const told: ConnectionId[] = [];
    const member = async (): Promise<FleetMember> => {
      const joined = await join({
        create: (context) => fleet.join({ ...context, log }),
        clock: systemClock,
        pass: (ms) => delay(ms),
      });
      const undertaker = await fleet.createUndertaker({
        clock: systemClock,
        random: systemRandom,
        log,
        deadAfterMs: deadAfterMsUnderTest,
        tell(_dead, owed) {
          const ids = owed.map(({ event }) => event.connectionId);
          told.push(...ids);
          return Promise.resolve(ids);
        },
      });
      toEnd.push(
        () => joined.directory.close(),
        () => undertaker.stop(),
      );
      return joined;
    };
    const [a, b] = [await member(), await member()];
    await inTouch(a, b);
    return { a, b, told };
  }

  const inTouch = (...members: readonly FleetMember[]): Promise<void> =>
    vi.waitFor(
      () => expect(new Set(members.map(({ directory }) => directory.status))).toEqual(new Set(['in-touch'])),
      patience,
    );

  test('one that is full for longer than the limit takes no sign of life, and still nobody is declared dead', async () => {
    const { a, b, told } = await fleetOfTwo();
    const entry = a.entry('d-1', 'x');
    await a.directory.enter(entry);
    await redis.config('SET', 'maxmemory', '1');
    await vi.waitFor(() => expect(a.directory.status).toBe('away'), patience);
    await delay(3 * deadAfterMsUnderTest);
    await redis.config('SET', 'maxmemory', '0');
    await inTouch(a, b);
    await delay(deadAfterMsUnderTest);
    expect([a, b].map(({ directory }) => directory.alive)).toEqual([true, true]);
    expect([...lossesOf(a, b), ...told]).toEqual([]);
  });

  test('a replica that gets nothing from its primary, and is promoted later, declares nobody dead', async () => {
    const { a, b, told } = await fleetOfTwo();
    await a.directory.enter(a.entry('d-1', 'x'));
    // No server listens there.
    await redis.call('REPLICAOF', '127.0.0.1', '1');
    await vi.waitFor(() => expect(a.directory.status).toBe('away'), patience);
    await delay(2 * deadAfterMsUnderTest);
    expect(await b.directory.enter(b.entry('d-2', 'x'))).toBe('unknown');
    await redis.call('REPLICAOF', 'NO', 'ONE');
    await inTouch(a, b);
    await delay(deadAfterMsUnderTest);
    expect([...lossesOf(a, b), ...told]).toEqual([]);
    await vi.waitFor(
      async () => expect(await a.directory.find([deviceRef('acme', 'd-2')])).toHaveLength(1),
      patience,
    );
  });

  test('one whose every answer is late: devices are let in without it, and the newer connection wins', async () => {
    const relay = await slowRelayTo(server.port);
    toEnd.push(() => relay.close());
    const { a, b } = await fleetOfTwo({ address: loopback(relay.port) });
    relay.delayMs = 200;
    const ofA = Array.from({ length: 60 }, (_, index) => a.entry(`d-${index}`, 'x'));
    for (const entry of ofA) expect(await a.directory.enter(entry)).not.toBe('lost');
    for (const { event } of ofA) await b.directory.enter(b.entry(event.device.device, 'x', Date.now()));
    await vi.waitFor(
      () => expect(a.displaced().toSorted()).toEqual(ofA.map(({ event }) => event.connectionId).toSorted()),
      patience,
    );
    expect(b.displaced()).toEqual([]);
    await delay(3 * deadAfterMsUnderTest);
    expect([a, b].map(({ directory }) => directory.alive)).toEqual([true, true]);
    relay.delayMs = 0;
    await inTouch(a, b);
  });

  test('one whose password is replaced under running adapters has them again once they have the new one', async () => {
    const user = ['on', `~${prefix}*`, `&${prefix}*`, '+@all'] as const;
    await redis.acl('SETUSER', 'rollcall', '>first', ...user);
    let password = 'first';
    const { a, b, told } = await fleetOfTwo({ credentials: () => ({ username: 'rollcall', password }) });
    const older = a.entry('d-1', 'x');
    await a.directory.enter(older);
    await redis.acl('SETUSER', 'rollcall', 'resetpass', '>second');
    await redis.call('CLIENT', 'KILL', 'USER', 'rollcall');
    await vi.waitFor(() => expect(a.directory.status).toBe('away'), patience);
    expect(await b.directory.enter(b.entry('d-2', 'x'))).toBe('unknown');
    await delay(2 * deadAfterMsUnderTest);
    password = 'second';
    await inTouch(a, b);
    await b.directory.enter(b.entry('d-1', 'x', Date.now()));
    await vi.waitFor(() => expect(a.displaced()).toEqual([older.event.connectionId]), patience);
    await delay(deadAfterMsUnderTest);
    expect([...lossesOf(b), ...told]).toEqual([]);
  });

  test('one that is busy with something else for longer than the limit', async () => {
    const { a, b, told } = await fleetOfTwo();
    await a.directory.enter(a.entry('d-1', 'x'));
    const slept = redis.call('DEBUG', 'SLEEP', String((1.5 * deadAfterMsUnderTest) / 1_000));
    await vi.waitFor(() => expect(a.directory.status).toBe('away'), patience);
    expect(await b.directory.enter(b.entry('d-2', 'x'))).toBe('unknown');
    await slept;
    await inTouch(a, b);
    await delay(deadAfterMsUnderTest);
    expect([...lossesOf(a, b), ...told]).toEqual([]);
  });
});
