import { setTimeout as delay } from 'node:timers/promises';
import { anEnding } from '@rollcall/conformance';
import { deadAfterMsUnderTest, joinFleet, type FleetMember } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import type { ConnectionId } from '@rollcall/core';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import type { DirectoryEntry, LeaseEntry, OwedEnding } from '@rollcall/core/directory';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fleetOnRedis, loopback } from './testing/fleet-on-redis.ts';
import { startRedis, type RedisServer } from './testing/redis-servers.ts';
import { lossesOf } from './testing/losses-of.ts';

const patience = { timeout: 240_000, interval: 50 };
const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;

/** As a replica that lacks what came last: the server goes back to what it had, and all connections to it are cut. */
describe.skipIf(!hasDebianPackage('redis-server'))(
  'an engine that fails over, and lacks its last second',
  () => {
    let server: RedisServer;
    let operator: Redis;
    let fleet: ReturnType<typeof fleetOnRedis>;
    let toEnd: (() => Promise<unknown>)[];
    let told: OwedEnding[];

    beforeEach(async () => {
      server = await startRedis(['--appendonly', 'no', '--enable-debug-command', 'local']);
      operator = new Redis({ port: server.port, host: '127.0.0.1' });
      fleet = fleetOnRedis(loopback(server.port));
      toEnd = [];
      told = [];
    });
    afterEach(async () => {
      for (const end of toEnd.toReversed()) await end();
      operator.disconnect();
      await server.stop();
    });

    async function member(): Promise<FleetMember> {
      const joined = await joinFleet(fleet);
      toEnd.push(() => joined.directory.close());
      return joined;
    }

    /** What the living tell is in `told` from now on. */
    async function undertaker(): Promise<void> {
      const living = await fleet.createUndertaker({
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
        deadAfterMs: deadAfterMsUnderTest,
        tell(_dead, owed) {
          const ripe = owed.filter(({ lease }) => !lease || lease.state.leftMs <= 0);
          told.push(...ripe);
          return Promise.resolve(ripe.map(({ event }) => event.connectionId));
        },
      });
      toEnd.push(() => living.stop());
    }

    const replicate = () => operator.call('SAVE');
    async function failOver(): Promise<void> {
      await operator.call('DEBUG', 'RELOAD', 'NOSAVE');
      await operator.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await vi.waitFor(() => expect(operator.status).toBe('ready'), patience);
    }

    /** As a kill: others declare it dead, and tell what it left. */
    async function settledAfterKill(dead: FleetMember): Promise<void> {
      fleet.freeze(dead.instance);
      await undertaker();
      await vi.waitFor(async () => {
        const deaths = await operator.hvals(await keyOf('deaths'));
        expect(deaths.length > 0 && deaths.every((death) => death.includes(' settled '))).toBe(true);
      }, patience);
    }

    async function keyOf(name: string): Promise<string> {
      const [key = ''] = await operator.keys(`*{fleet}${name}`);
      return key;
    }

    const inTouch = (...members: readonly FleetMember[]) =>
      vi.waitFor(
        () => expect(members.every(({ directory }) => directory.status === 'in-touch')).toBe(true),
        patience,
      );

    const isKnown = (entry: DirectoryEntry): Promise<boolean> =>
      operator.keys(`*d:acme/${entry.event.device.device}`).then((found) => found.length > 0);

    test('how a connection ended in that second is noted again: others tell exactly that, should its adapter be killed', async () => {
      const [a] = [await member(), await member()];
      const ended = a.entry('d-1', 'x');
      await a.directory.enter(ended);
      await replicate();
      const ending = anEnding(ended.event, { reason: 'client-closed' });
      await a.directory.leave(ended, ending);
      await failOver();
      expect(await isKnown(ended), 'its ending is lost').toBe(true);
      await vi.waitFor(async () => expect(await isKnown(ended)).toBe(false), patience);
      await inTouch(a);
      await settledAfterKill(a);
      expect(told.map((owed) => owed.ending?.id)).toEqual([ending.id]);
    });

    test('what an adapter told of the run before, which was killed, is not told again by others', async () => {
      const [before, , next] = [await member(), await member(), await member()];
      await before.directory.enter(before.entry('d-1', 'x'));
      await before.directory.enter(before.entry('d-2', 'x'));
      await delay(500);
      await replicate();
      fleet.freeze(before.instance);
      expect(await next.directory.succeed(before.instance)).toMatchObject({ whose: 'ours' });
      next.directory.settled(before.instance);
      await vi.waitFor(async () => expect(await operator.keys('*d:acme/*')).toEqual([]), patience);
      await failOver();
      expect(await operator.keys('*d:acme/*'), 'that it was told is lost').toHaveLength(2);
      await undertaker();
      await delay(deadAfterMsUnderTest * 2);
      expect(told).toEqual([]);
      expect(await operator.keys('*d:acme/*')).toEqual([]);
    });

    test('a lease that moved in that second goes on where it is, and both adapters agree', async () => {
      const [a, b] = [await member(), await member()];
      const entry = leaseOf(a, 'd-1');
      expect(await a.directory.leases.enter(entry)).toEqual({ status: 'held' });
      await replicate();
      const atB = await b.directory.leases.enter(leaseOf(b, 'd-1'));
      if (atB.status !== 'elsewhere') throw new Error(`it is ${atB.status}`);
      expect(await b.directory.leases.take(atB.lease)).toMatchObject({ status: 'taken' });
      await vi.waitFor(() => expect(a.told.map(({ what }) => what)).toEqual(['moved-away']), patience);
      await failOver();
      await inTouch(a, b);
      await vi.waitFor(
        async () => expect(await placesOf(a, entry)).toEqual([[entry.event.connectionId, b.instance]]),
        patience,
      );
      expect(lossesOf(b)).toEqual([]);
    });

    test('a lease that moved in that second ends once, should the adapter that took it be killed before it can say so', async () => {
      const [a, b] = [await member(), await member()];
      const entry = leaseOf(a, 'd-1', 1_000);
      await a.directory.leases.enter(entry);
      await replicate();
      const atB = await b.directory.leases.enter(leaseOf(b, 'd-1'));
      if (atB.status !== 'elsewhere') throw new Error(`it is ${atB.status}`);
      expect(await b.directory.leases.take(atB.lease)).toMatchObject({ status: 'taken' });
      await vi.waitFor(() => expect(a.told.map(({ what }) => what)).toEqual(['moved-away']), patience);
      fleet.freeze(b.instance);
      await failOver();
      await undertaker();
      await vi.waitFor(
        () => expect(told.map(({ event }) => event.connectionId)).toEqual([entry.event.connectionId]),
        patience,
      );
    });

    test('what began in that second at an adapter that is declared dead meanwhile is told by that one', async () => {
      const [a] = [await member(), await member()];
      const kept = a.entry('d-1', 'x');
      await a.directory.enter(kept);
      await replicate();
      const [lacked, lease] = [a.entry('d-2', 'x'), leaseOf(a, 'd-3')];
      expect(await a.directory.enter(lacked)).toBe('held');
      expect(await a.directory.leases.enter(lease)).toEqual({ status: 'held' });
      const restore = fleet.cutOff(a.instance);
      await failOver();
      await undertaker();
      await vi.waitFor(
        () => expect(told.map(({ event }) => event.connectionId)).toEqual([kept.event.connectionId]),
        patience,
      );
      restore();
      const neverKnown = [lacked, lease].map(({ event }) => event.connectionId);
      await vi.waitFor(() => expect(lossesOf(a)).toEqual([{ what: 'buried', neverKnown }]), patience);
      expect(await a.directory.leases.enter(lease), 'nobody else ended it').toEqual({ status: 'held' });
    });

    function leaseOf(of: FleetMember, device: string, leftMs: number = basis.intervalMs): LeaseEntry {
      const { event } = of.entry(device, 'x');
      return { event: { ...event, basis }, slot: 'x', state: { basis, silentMs: 0, leftMs } };
    }

    async function placesOf(
      from: FleetMember,
      { event }: DirectoryEntry,
    ): Promise<(readonly [ConnectionId, string])[]> {
      const places = await from.directory.find([event.device]);
      return places.map(({ connection, instance }) => [connection, instance] as const);
    }
  },
);
