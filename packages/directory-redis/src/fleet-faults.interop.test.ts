import { setTimeout as delay } from 'node:timers/promises';
import { anEnding, recordingLog, seededRandom } from '@rollcall/conformance';
import { deadAfterMsUnderTest, joinFleet as join, type FleetMember } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import type { DirectoryEntry } from '@rollcall/core/directory';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { redisFleet } from './redis-fleet.ts';
import { fleetOnRedis, loopback } from './testing/fleet-on-redis.ts';
import { bucketOf } from './wire/bucket-of.ts';
import { deviceName } from './wire/field-text.ts';
import { keyNames } from './wire/key-names.ts';
import { shortId } from './wire/short-id.ts';
import { startRedis, type RedisServer } from './testing/redis-servers.ts';
import { lossesOf } from './testing/losses-of.ts';

const prefix = 'faults:';
const patience = { timeout: 240_000, interval: 50 };

/** Members with the limits of an adapter: no device waits for more than 50 ms. */
function impatient(server: RedisServer) {
  const fleet = redisFleet({ address: loopback(server.port), credentials: () => ({}), prefix });
  const log = recordingLog();
  return {
    member: () =>
      join({
        create: (context) => fleet.join({ ...context, log }),
        clock: systemClock,
        pass: (ms) => delay(ms),
      }),
    fleet,
    log,
  };
}

describe.skipIf(!hasDebianPackage('redis-server'))('faults of the engine', () => {
  let server: RedisServer;
  let toEnd: (() => Promise<unknown> | void)[];
  beforeEach(async () => {
    toEnd = [];
    server = await startRedis();
  });
  afterEach(async () => {
    for (const end of toEnd.toReversed()) await end();
    await server.stop();
  });

  async function memberOf({ member }: ReturnType<typeof impatient>): Promise<FleetMember> {
    const joined = await member();
    toEnd.push(() => joined.directory.close());
    return joined;
  }

  function client(): Redis {
    const redis = new Redis({ port: server.port, host: '127.0.0.1' });
    toEnd.push(() => redis.disconnect());
    return redis;
  }

  async function placesOf(
    member: FleetMember,
    entries: readonly DirectoryEntry[],
  ): Promise<Set<ConnectionId>> {
    const places = await member.directory.find(entries.map(({ event }) => event.device));
    return new Set(places.map(({ connection }) => connection));
  }

  const idsOf = (entries: readonly DirectoryEntry[]) =>
    new Set(entries.map(({ event }) => event.connectionId));

  /** Two instances that can be frozen and cut off, and the endings that an undertaker told for the dead. */
  async function pairWithUndertaker() {
    const under = fleetOnRedis(loopback(server.port));
    const [a, b] = [await join(under), await join(under)];
    const owed: ConnectionId[] = [];
    const undertaker = await under.createUndertaker({
      clock: systemClock,
      random: systemRandom,
      log: recordingLog(),
      deadAfterMs: deadAfterMsUnderTest,
      tell(_dead, endings) {
        const ids = endings.map(({ event }) => event.connectionId);
        owed.push(...ids);
        return Promise.resolve(ids);
      },
    });
    toEnd.push(
      () => a.directory.close(),
      () => b.directory.close(),
      () => undertaker.stop(),
    );
    return { under, a, b, owed };
  }

  test('stopped for 4 s: no device is refused, none waits long, and all is there again afterwards', async () => {
    const fleet = impatient(server);
    const a = await memberOf(fleet);
    const before = Array.from({ length: 200 }, (_, index) => a.entry(`before-${index}`, 'x'));
    await Promise.all(before.map((entry) => a.directory.enter(entry)));
    server.signal('SIGSTOP');
    const during = Array.from({ length: 200 }, (_, index) => a.entry(`during-${index}`, 'x'));
    const standings = await Promise.all(
      during.map(async (entry, index) => {
        await delay(index * 20);
        return a.directory.enter(entry);
      }),
    );
    expect(new Set(standings)).toEqual(new Set(['unknown']));
    expect(a.directory.status).toBe('away');
    expect(a.directory.alive).toBe(true);
    for (const entry of before.slice(0, 50)) void a.directory.leave(entry);
    server.signal('SIGCONT');
    await vi.waitFor(() => expect(a.directory.status).toBe('in-touch'), patience);
    const open = [...before.slice(50), ...during];
    await vi.waitFor(
      async () => expect(await placesOf(a, [...before, ...during])).toEqual(idsOf(open)),
      patience,
    );
    expect(lossesOf(a)).toEqual([]);
    expect(fleet.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'connection directory is away: devices are served without it',
    ]);
  });

  test.each(['kept', 'empty'] as const)('killed, and started again with its data %s', async (data) => {
    const fleet = impatient(server);
    const [a, b] = [await memberOf(fleet), await memberOf(fleet)];
    const ofA = Array.from({ length: 300 }, (_, index) => a.entry(`d-${index}`, 'x'));
    await Promise.all(ofA.map((entry) => a.directory.enter(entry)));
    await server.restart(data);
    await vi.waitFor(
      () => expect([a, b].map(({ directory }) => directory.status)).toEqual(['in-touch', 'in-touch']),
      patience,
    );
    await vi.waitFor(async () => expect(await placesOf(b, ofA)).toEqual(idsOf(ofA)), patience);
    await vi.waitFor(() => expect(b.directory.elsewhere(deviceRef('acme', 'd').tenant)).toBe(300), patience);
    expect(lossesOf(a)).toEqual([]);
    expect(a.directory.alive).toBe(true);
  });

  test('that forgets everything, and closes no connection, is told all again', async () => {
    const fleet = impatient(server);
    const a = await memberOf(fleet);
    const entries = Array.from({ length: 300 }, (_, index) => a.entry(`d-${index}`, 'x'));
    await Promise.all(entries.map((entry) => a.directory.enter(entry)));
    await client().flushall();
    await vi.waitFor(async () => expect(await placesOf(a, entries)).toEqual(idsOf(entries)), patience);
    expect(lossesOf(a)).toEqual([]);
  });

  test('who was not subscribed for a while finds out what it lost', async () => {
    const fleet = impatient(server);
    const [a, b] = [await memberOf(fleet), await memberOf(fleet)];
    const ofA = Array.from({ length: 300 }, (_, index) => a.entry(`d-${index}`, 'x'));
    await Promise.all(ofA.map((entry) => a.directory.enter(entry)));
    const redis = client();
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    // They are later, also if a busy machine makes a claim stale on its way.
    const later = Date.now();
    const ofB = Array.from({ length: 100 }, (_, index) => b.entry(`d-${index}`, 'x', later));
    await Promise.all(ofB.map((entry) => b.directory.enter(entry)));
    await vi.waitFor(
      () => expect(a.displaced().toSorted()).toEqual([...idsOf(ofA.slice(0, 100))].toSorted()),
      patience,
    );
    expect(b.displaced()).toEqual([]);
  });

  test('whatever somebody put there is told, and skipped', async () => {
    const fleet = impatient(server);
    const a = await memberOf(fleet);
    const redis = client();
    const keys = await (async () => {
      await a.directory.enter(a.entry('d-1', 'x'));
      await vi.waitFor(async () => expect((await redis.keys('*d:acme/d-1')).length).toBe(1), patience);
      return redis.keys('*');
    })();
    const ofDevice = keys.find((key) => key.endsWith('d:acme/d-1')) ?? '';
    await redis.hset(ofDevice, 'sother', 'no claim', 'sone', '1'.repeat(100_000));
    await redis.hset(ofDevice.replace('d-1', 'd-2'), 'shono-mqtt:x', 'no claim');
    await redis.set(ofDevice.replace(/\{.*/, '{fleet}totals'), 'no hash');
    await redis.hset(`${prefix}{fleet}leases`, 'nonsense', '\u001b[31m', '=x', '1 1 1 zz');
    await redis.hset(`${prefix}{fleet}deaths`, 'nonsense', 'x', '=y', '1 owed 1 1 0000000000000000');
    const [channel = ''] = (await redis.pubsub('CHANNELS', `${prefix}*`)) as readonly string[];
    for (const message of [
      '',
      'x',
      '1displaced',
      `1signs ${'['.repeat(10_000)}`,
      '1ended =%zz',
      '9moved a b',
    ])
      await redis.publish(channel, message);
    const undertaker = await fleet.fleet.createUndertaker({
      clock: systemClock,
      random: systemRandom,
      log: fleet.log,
      deadAfterMs: deadAfterMsUnderTest,
      tell: () => Promise.resolve([]),
    });
    toEnd.push(() => undertaker.stop());
    expect(await a.directory.find([deviceRef('acme', 'd-1')])).toHaveLength(1);
    const entered = a.entry('d-3', 'x');
    await vi.waitFor(
      async () => expect(['held', 'unknown']).toContain(await a.directory.enter(entered)),
      patience,
    );
    await delay(deadAfterMsUnderTest);
    expect(a.directory.alive).toBe(true);
    expect(lossesOf(a)).toEqual([]);
    expect(a.directory.counts()['foreign_values']).toBeGreaterThan(5);
    expect(fleet.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    const foreign = fleet.log.lines.filter(({ message }) => message.includes('is foreign'));
    expect(foreign.length, 'one line a minute, of the directory and of the undertaker').toBeLessThanOrEqual(
      2,
    );
    expect(JSON.stringify(foreign)).not.toContain('\\u001b');
  });

  test('two fleets on one server know nothing of each other', async () => {
    const others = redisFleet({ address: loopback(server.port), credentials: () => ({}), prefix: 'others:' });
    const a = await memberOf(impatient(server));
    const b = await join({ create: others.join, clock: systemClock, pass: (ms) => delay(ms) });
    toEnd.push(() => b.directory.close());
    const [ofA, ofB] = [a.entry('d-1', 'x'), b.entry('d-1', 'x')];
    await a.directory.enter(ofA);
    await b.directory.enter(ofB);
    await vi.waitFor(async () => expect(await placesOf(a, [ofA])).toEqual(idsOf([ofA])), patience);
    await vi.waitFor(async () => expect(await placesOf(b, [ofB])).toEqual(idsOf([ofB])), patience);
    expect(lossesOf(a, b)).toEqual([]);
  });

  test('an engine that may drop what it was told is warned of; one that is full is away, and comes back', async () => {
    const redis = client();
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const fleet = impatient(server);
    const a = await memberOf(fleet);
    await vi.waitFor(
      () =>
        expect(fleet.log.lines).toContainEqual({
          level: 'warn',
          facts: { maxmemoryPolicy: 'allkeys-lru' },
          message: 'connection directory may drop what it was told: maxmemory-policy must be noeviction',
        }),
      patience,
    );
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.config('SET', 'maxmemory', '1');
    const entry = a.entry('d-1', 'x');
    expect(await a.directory.enter(entry)).toBe('unknown');
    await vi.waitFor(() => expect(a.directory.status).toBe('away'), patience);
    await redis.config('SET', 'maxmemory', '0');
    await vi.waitFor(() => expect(a.directory.status).toBe('in-touch'), patience);
    await vi.waitFor(async () => expect(await placesOf(a, [entry])).toEqual(idsOf([entry])), patience);
  });

  test('a user who may only use the keys and channels of the fleet is enough', async () => {
    await client().acl(
      'SETUSER',
      'rollcall',
      'on',
      '>secret',
      '~faults:*',
      '&faults:*',
      '+@read',
      '+@write',
      '+@scripting',
      '+@pubsub',
      '+@connection',
      '+time',
      '+info',
      '-@dangerous',
      '+info',
    );
    const fleet = redisFleet({
      address: loopback(server.port),
      credentials: () => ({ username: 'rollcall', password: 'secret' }),
      prefix,
    });
    const under = { create: fleet.join, clock: systemClock, pass: (ms: number) => delay(ms) };
    const [a, b] = [await join(under), await join(under)];
    toEnd.push(
      () => a.directory.close(),
      () => b.directory.close(),
    );
    const older = a.entry('d-1', 'x');
    await a.directory.enter(older);
    await b.directory.enter(b.entry('d-1', 'x'));
    await vi.waitFor(() => expect(a.displaced()).toEqual([older.event.connectionId]), patience);
    expect((await fleet.inspect()).instances).toHaveLength(2);
  });

  /** The keys of this bucket. */
  function keysOf({ event: { device } }: DirectoryEntry) {
    const keys = keyNames(prefix);
    const bucket = bucketOf(deviceName(device));
    return {
      fenced: keys.fenced(bucket),
      owedBy: keys.owedBy(bucket),
      device: keys.devices(bucket) + deviceName(device),
    };
  }

  test('a claim that comes after its incarnation was buried there is not entered', async () => {
    const a = await memberOf(impatient(server));
    const dead = shortId(a.instance);
    const entry = a.entry('d-1', 'x');
    const { fenced, owedBy, device } = keysOf(entry);
    const redis = client();
    await redis.sadd(fenced, dead);
    await a.directory.enter(entry);
    await vi.waitFor(() => expect(a.told.map(({ what }) => what)).toEqual(['buried']), patience);
    expect([await redis.exists(owedBy + dead), await redis.exists(device)]).toEqual([0, 0]);
  });

  test('that forgot everything is told again of what lost its slot, and is still owed', async () => {
    const fleet = impatient(server);
    const [a, b] = [await memberOf(fleet), await memberOf(fleet)];
    const older = a.entry('d-1', 'x');
    await a.directory.enter(older);
    await b.directory.enter(b.entry('d-1', 'x', Date.now()));
    await vi.waitFor(() => expect(a.displaced()).toEqual([older.event.connectionId]), patience);
    const redis = client();
    await redis.flushall();
    const owed = (): Promise<number> =>
      redis.hexists(keysOf(older).owedBy + shortId(a.instance), shortId(older.event.connectionId));
    await vi.waitFor(async () => expect(await owed()).toBe(1), patience);
  });

  test.each(['an undertaker', 'its heir'] as const)(
    'what %s has told is settled, and nothing of it is left',
    async (who) => {
      const under = fleetOnRedis(loopback(server.port));
      const [a, heir] = [await join(under), await join(under)];
      toEnd.push(
        () => a.directory.close(),
        () => heir.directory.close(),
      );
      await a.directory.enter(a.entry('d-1', 'x'));
      const dead = shortId(a.instance);
      under.freeze(a.instance);
      if (who === 'its heir') {
        expect(await heir.directory.succeed(a.instance)).toMatchObject({ whose: 'ours' });
        heir.directory.settled(a.instance);
      } else {
        const undertaker = await under.createUndertaker({
          clock: systemClock,
          random: systemRandom,
          log: recordingLog(),
          deadAfterMs: deadAfterMsUnderTest,
          tell: (_dead, endings) => Promise.resolve(endings.map(({ event }) => event.connectionId)),
        });
        toEnd.push(() => undertaker.stop());
      }
      const redis = client();
      await vi.waitFor(async () => {
        const [deaths = ''] = await redis.keys('*deaths');
        expect(await redis.hget(deaths, dead)).toContain(' settled ');
        expect(await redis.keys(`*i:${dead}`)).toEqual([]);
      }, patience);
    },
  );

  test('that forgot everything learns again who is dead: one that stood still meanwhile finds out', async () => {
    const { under, a, b, owed } = await pairWithUndertaker();
    const entry = a.entry('d-1', 'x');
    await a.directory.enter(entry);
    const thaw = under.freeze(a.instance);
    await vi.waitFor(() => expect(owed).toEqual([entry.event.connectionId]), patience);
    await client().flushall();
    await delay(1_000);
    thaw();
    await vi.waitFor(() => expect(a.told).toHaveLength(1), patience);
    // If its own messages may have been lost, too, it asks the engine, which has forgotten that the ending was told: twice is better
    // than never.
    const { connectionId } = entry.event;
    expect([[], [connectionId]].map((neverKnown) => ({ what: 'buried', neverKnown }))).toContainEqual(
      a.told[0],
    );
    expect(lossesOf(b)).toEqual([]);
    expect(owed).toHaveLength(1);
  });

  test('a session that ended while its adapter was cut off, and that others told, is named when the adapter learns of its death', async () => {
    const { under, a, owed } = await pairWithUndertaker();
    const [ended, silent] = [a.entry('d-1', 'x'), a.entry('d-2', 'x')];
    for (const entry of [ended, silent]) await a.directory.enter(entry);
    const restore = under.cutOff(a.instance);
    void a.directory.leave(ended, anEnding(ended.event));
    await vi.waitFor(() => expect(new Set(owed)).toEqual(idsOf([ended, silent])), patience);
    restore();
    await vi.waitFor(
      () =>
        expect(a.told).toEqual([
          { what: 'buried', neverKnown: [], toldByOthers: [ended.event.connectionId] },
        ]),
      patience,
    );
  });

  test.each([1, 2, 3])(
    'claims of four instances in any order, with cut subscriptions, lost connections and lost memory (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const under = fleetOnRedis(loopback(server.port));
      const members: FleetMember[] = [];
      for (let index = 0; index < 4; index++) members.push(await join(under));
      toEnd.push(...members.map((member) => () => member.directory.close()));
      const redis = client();
      const slotOf = new Map<ConnectionId, string>();
      const open = new Map<ConnectionId, { member: FleetMember; entry: DirectoryEntry }>();
      const claim = async (): Promise<void> => {
        const member = members[random.pick(4)];
        if (!member) throw new Error('no member');
        const entry = member.entry(
          `d${random.pick(20)}`,
          `s${random.pick(2)}`,
          1_000_000 + random.pick(9_000),
        );
        slotOf.set(entry.event.connectionId, `${entry.event.device.device}/${entry.slot}`);
        open.set(entry.event.connectionId, { member, entry });
        await member.directory.enter(entry);
      };
      const faults = [
        () => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
        () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
        () => redis.flushall(),
        () => redis.script('FLUSH'),
      ];
      for (let round = 0; round < 30; round++) {
        const claims = Array.from({ length: 20 }, claim);
        if (random.pick(4) === 0) await faults[random.pick(faults.length)]?.();
        await Promise.all(claims);
        // Members that were told to do so close the sockets, and leave.
        for (const { member, entry } of [...open.values()])
          if (member.displaced().includes(entry.event.connectionId)) {
            void member.directory.leave(entry);
            open.delete(entry.event.connectionId);
          }
      }
      await vi.waitFor(
        async () => {
          const told = members.flatMap((member) => member.displaced());
          expect(new Set(told).size, 'nobody is told twice').toBe(told.length);
          const holders = [...slotOf].filter(([connection]) => !told.includes(connection));
          expect(holders.map(([, slot]) => slot).toSorted(), 'one holder for each slot').toEqual(
            [...new Set(slotOf.values())].toSorted(),
          );
          const devices = Array.from({ length: 20 }, (_, index) => deviceRef('acme', `d${index}`));
          const places = await members[0]?.directory.find(devices);
          expect(new Set(places?.map(({ connection }) => connection))).toEqual(
            new Set(holders.map(([id]) => id)),
          );
        },
        { timeout: 240_000, interval: 250 },
      );
    },
  );
});
