import { deviceRef, silentLog, type ConnectionId } from '@rollcall/core';
import type { DeadInstance, DirectoryEntry, OwedEnding, PublishingSignal } from '@rollcall/core/directory';
import { describe, expect, test, vi } from 'vitest';
import { leaseOf } from './describe-directory.ts';
import {
  deadAfterMsUnderTest,
  epochOf,
  joinFleet,
  type FleetMember,
  type FleetUnderTest,
  type MemberFacts,
} from './directory-under-test.ts';
import { seededRandom } from './seeded-random.ts';

const thermostat = deviceRef('acme', 'thermostat-7');
const noon = Date.parse('2026-11-23T12:00:00.000Z');

/** Every directory that several instances can join must pass, beside `describeDirectory`. */
export function describeFleet(name: string, open: () => Promise<FleetUnderTest>): void {
  async function withFleet(use: (fleet: Fleet) => Promise<void>): Promise<void> {
    const fleet = new Fleet(await open());
    try {
      await use(fleet);
    } finally {
      await fleet.end();
    }
  }

  describe(`${name}: slots of several instances`, () => {
    test.each([-300_000, -3_000, 0, 3_000])(
      'the newer connection wins, also where its clock is %i ms apart, and the older holder is told once',
      (apartMs) =>
        withFleet(async (fleet) => {
          const [a, b] = await fleet.join(2);
          const older = a.entry('thermostat-7', 'x', noon);
          const newer = b.entry('thermostat-7', 'x', noon + apartMs);
          expect(await a.directory.enter(older)).toBe('held');
          expect(await b.directory.enter(newer)).toBe('held');
          await fleet.until(() => expect(a.displaced()).toEqual([older.event.connectionId]));
          expect(a.told).toMatchObject([
            { by: { device: thermostat, connection: newer.event.connectionId, instance: b.instance } },
          ]);
          if (apartMs <= 0) expect(b.epochs.some((epoch) => epoch >= older.event.epoch)).toBe(true);
          a.directory.leave(older);
          await fleet.until(async () =>
            expect(await b.directory.find([thermostat])).toEqual([
              { device: thermostat, connection: newer.event.connectionId, instance: b.instance },
            ]),
          );
          expect(b.displaced()).toEqual([]);
        }),
    );

    test('a device that roams back and forth is where it went last', () =>
      withFleet(async (fleet) => {
        const members = await fleet.join(2);
        const entered: DirectoryEntry[] = [];
        for (let round = 0; round < 20; round++) {
          const member = fleet.at(members, round % 2);
          const entry = member.entry('thermostat-7', 'x', noon - round * 1_000);
          entered.push(entry);
          expect(await member.directory.enter(entry)).toBe('held');
        }
        const losers = entered.slice(0, -1).map(({ event }) => event.connectionId);
        await fleet.until(() => {
          const told = members.flatMap((member) => member.displaced());
          expect(new Set(told)).toEqual(new Set(losers));
          expect(told).toHaveLength(losers.length);
        });
      }));

    test.each([1, 2, 3])(
      'claims in any order: one holder for each slot, each other told exactly once (seed %i)',
      (seed) =>
        withFleet(async (fleet) => {
          const random = seededRandom(seed);
          const members = await fleet.join(4);
          const all = new Map<ConnectionId, string>();
          const claim = async (): Promise<void> => {
            const member = fleet.at(members, random.pick(4));
            const entry = member.entry(`d${random.pick(5)}`, `s${random.pick(2)}`, noon + random.pick(9_000));
            all.set(entry.event.connectionId, `${entry.event.device.device}/${entry.slot}`);
            await member.directory.enter(entry);
          };
          for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, claim));
          await fleet.until(async () => {
            const told = members.flatMap((member) => member.displaced());
            expect(new Set(told).size).toBe(told.length);
            expect(told).toHaveLength(all.size - new Set(all.values()).size);
            const devices = Array.from({ length: 5 }, (_, index) => deviceRef('acme', `d${index}`));
            const holders = (await fleet.at(members, 0).directory.find(devices)).map(
              (each) => each.connection,
            );
            expect(holders.map((each) => all.get(each)).toSorted(inOrder)).toEqual(
              [...new Set(all.values())].toSorted(inOrder),
            );
            expect(holders.filter((each) => told.includes(each))).toEqual([]);
          });
        }),
    );

    test('connections of a tenant at other instances are counted, and not those here', () =>
      withFleet(async (fleet) => {
        const [a, b, c] = await fleet.join(3);
        const entries = [a.entry('d1', 'x'), a.entry('d2'), a.entry('other/d1', 'x')];
        for (const entry of entries) await a.directory.enter(entry);
        await b.directory.enter(b.entry('d3', 'x'));
        const counts = () => [a, b, c].map(({ directory }) => directory.elsewhere(thermostat.tenant));
        await fleet.until(() => expect(counts()).toEqual([1, 2, 3]));
        for (const entry of entries) a.directory.leave(entry);
        await fleet.until(() => expect(counts()).toEqual([1, 0, 1]));
      }));

    test('who holds a slot, or a lease, is known anywhere, as long as its instance lives', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lease = leaseOf(a.entry('d1', 'sensor'));
        await a.directory.enter(a.entry('thermostat-7', 'x'));
        await a.directory.enter(a.entry('thermostat-7'));
        await a.directory.leases.enter(lease);
        const isHeld = () =>
          Promise.all([
            b.directory.isHeld('session', thermostat, 'x'),
            b.directory.isHeld('session', thermostat, 'y'),
            b.directory.isHeld('session', deviceRef('acme', 'd1'), 'x'),
            b.directory.isHeld('lease', deviceRef('acme', 'd1'), 'sensor'),
            a.directory.isHeld('session', thermostat, 'x'),
          ]);
        await fleet.until(async () => expect(await isHeld()).toEqual([true, false, false, true, true]));
        const restore = fleet.under.cutOff(b.instance);
        await fleet.under.pass(2_000);
        expect((await fleet.settles(isHeld())).slice(0, 4)).toEqual([false, false, false, false]);
        restore();
        await fleet.until(async () => expect(await isHeld()).toEqual([true, false, false, true, true]));
        await fleet.undertaker();
        fleet.under.freeze(a.instance);
        await fleet.until(async () =>
          expect(await b.directory.isHeld('session', thermostat, 'x')).toBe(false),
        );
      }));

    test('an instance hears of the furthest clock of the living', () =>
      withFleet(async (fleet) => {
        const ahead = epochOf(noon + 3_000);
        await fleet.member({ epoch: () => ahead });
        const b = await fleet.member({ epoch: () => epochOf(noon) });
        await fleet.until(() => expect(b.epochs.some((epoch) => epoch >= ahead)).toBe(true));
      }));
  });

  describe(`${name}: somebody who begins with nothing`, () => {
    test('is heard by each instance once, however often it asks, also by one that was cut off', () =>
      withFleet(async (fleet) => {
        const ask = fleet.under.askForAnnouncements;
        // See there: it has no way in.
        if (!ask) return;
        const [a, b, c] = await fleet.join(3);
        const restore = fleet.under.cutOff(c.instance);
        expect(await ask('one')).toEqual({ status: 'asked' });
        await fleet.until(() => expect([a, b, c].map(timesAsked)).toEqual([1, 1, 0]));
        // A replica, for example.
        expect(await ask('one')).toEqual({ status: 'asked' });
        restore();
        await fleet.until(() => expect([a, b, c].map(timesAsked)).toEqual([1, 1, 1]));
        const outcome = await ask('another');
        expect(outcome).toEqual({ status: 'too-soon', leftMs: expect.any(Number) as number });
        expect(outcome.status === 'too-soon' && outcome.leftMs > 0 && outcome.leftMs <= 300_000).toBe(true);
        // One that comes now is told at once.
        const d = await fleet.member();
        await fleet.until(() => expect(timesAsked(d)).toBe(1));
        expect([a, b, c].map(timesAsked)).toEqual([1, 1, 1]);
      }));
  });

  describe(`${name}: leases of several instances`, () => {
    test('a lease stays where it is, and its holder hears of signs of life elsewhere', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        const standing = await b.directory.leases.enter(leaseOf(b.entry('thermostat-7', 'sensor')));
        if (standing.status !== 'elsewhere') throw new Error(standing.status);
        expect(standing.lease).toMatchObject({ event: lease.event, slot: 'sensor', instance: a.instance });
        expect(a.told).toEqual([]);
        const outcome = await b.directory.leases.report(standing.lease, { kind: 'request', ageMs: 5 });
        expect(outcome.status).toBe('told');
        await fleet.until(() =>
          expect(a.told).toMatchObject([
            { what: 'heard-elsewhere', connection: lease.event.connectionId, sign: { kind: 'request' } },
          ]),
        );
        expect(await a.directory.leases.giveUp(lease, 60_000)).toMatchObject({ status: 'heard' });
        expect(await a.directory.leases.giveUp(lease, 0)).toEqual({ status: 'given-up' });
        a.directory.leave(lease);
        await fleet.until(async () =>
          expect(
            await fleet.settles(b.directory.leases.report(standing.lease, { kind: 'heard', ageMs: 0 })),
          ).toEqual({ status: 'gone' }),
        );
      }));

    test('signs of one lease are told at most once a second, the latest; a goodbye always', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        const standing = await b.directory.leases.enter(leaseOf(b.entry('thermostat-7', 'sensor')));
        if (standing.status !== 'elsewhere') throw new Error(standing.status);
        const reports = Array.from({ length: 20 }, (_, ageMs) =>
          b.directory.leases.report(standing.lease, { kind: 'request', ageMs }),
        );
        reports.push(b.directory.leases.report(standing.lease, { kind: 'goodbye', ageMs: 0 }));
        await fleet.under.pass(1_100);
        await Promise.all(reports);
        await fleet.until(() => {
          const kinds = a.told.map((each) => (each.what === 'heard-elsewhere' ? each.sign.kind : each.what));
          expect(kinds).toContain('goodbye');
          expect(kinds.length).toBeLessThanOrEqual(4);
        });
      }));

    test('it is taken under its connection id, with what its holder noted, once', () =>
      withFleet(async (fleet) => {
        const [a, b, c] = await fleet.join(3);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        a.directory.leases.note(lease.event.connectionId, {
          ...lease.state,
          silentMs: 3_600_000,
          learned: '{"count":3}',
        });
        const standing = await b.directory.leases.enter(leaseOf(b.entry('thermostat-7', 'sensor')));
        if (standing.status !== 'elsewhere') throw new Error(standing.status);
        await fleet.until(async () => {
          const outcome = await fleet.settles(
            b.directory.leases.report(standing.lease, { kind: 'heard', ageMs: 0 }),
          );
          expect(outcome.status === 'told' && outcome.holderSilentMs >= 3_600_000).toBe(true);
        });
        const taken = await b.directory.leases.take(standing.lease);
        expect(taken).toMatchObject({
          status: 'taken',
          lease: { event: lease.event, instance: b.instance, state: { learned: '{"count":3}' } },
        });
        expect(await c.directory.leases.take(standing.lease), 'somebody else did').toEqual({
          status: 'gone',
        });
        await fleet.until(() =>
          expect(a.told.at(-1)).toEqual({ what: 'moved-away', connection: lease.event.connectionId }),
        );
        expect(await a.directory.leases.giveUp(lease, 0)).toEqual({ status: 'gone' });
        expect(await b.directory.leases.giveUp({ ...lease }, 0)).toEqual({ status: 'given-up' });
      }));

    test('of a holder that was buried nothing can be reported: who enters it next goes on with it', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        const standing = await b.directory.leases.enter(leaseOf(b.entry('thermostat-7', 'sensor')));
        if (standing.status !== 'elsewhere') throw new Error(standing.status);
        await fleet.undertaker();
        fleet.under.freeze(a.instance);
        await fleet.until(async () => {
          const report = b.directory.leases.report(standing.lease, { kind: 'request', ageMs: 0 });
          expect(await fleet.settles(report)).toEqual({ status: 'gone' });
        });
        const next = await fleet.settles(
          b.directory.leases.enter(leaseOf(b.entry('thermostat-7', 'sensor'))),
        );
        expect(next).toMatchObject({ status: 'moved-here', lease: { event: lease.event } });
      }));

    test('one that its holder ended while it was cut off, and declared dead, is not told by others once it is back', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lasting = leaseOf(a.entry('thermostat-7', 'sensor'));
        const lease = { ...lasting, state: { ...lasting.state, leftMs: 1_000 } };
        await a.directory.leases.enter(lease);
        const restore = fleet.under.cutOff(a.instance);
        const buried = await fleet.undertaker();
        await fleet.until(() => expect(buried.owed.length).toBeGreaterThan(0));
        expect(await fleet.settles(a.directory.leases.giveUp(lease, 0))).toEqual({ status: 'unknown' });
        a.directory.leave(lease);
        restore();
        await fleet.until(() => expect(a.told).toEqual([{ what: 'buried', neverKnown: [] }]));
        await fleet.under.pass(1_500);
        expect(await b.directory.leases.enter(lease)).toEqual({ status: 'ended' });
        const before = buried.owed.length;
        await fleet.under.pass(deadAfterMsUnderTest);
        expect(buried.owed).toHaveLength(before);
      }));

    test('one that was ended elsewhere is not gone on with', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        expect(await a.directory.leases.giveUp(lease, 0)).toEqual({ status: 'given-up' });
        a.directory.leave(lease);
        await fleet.until(async () => expect(await a.directory.find([thermostat])).toEqual([]));
        expect(await b.directory.leases.enter(lease)).toEqual({ status: 'ended' });
      }));
  });

  describe(`${name}: incarnations that ended`, () => {
    test('the next incarnation tells the endings, and goes on with the leases; nobody else does', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lease = leaseOf(a.entry('d1', 'sensor'));
        await a.directory.enter(a.entry('thermostat-7', 'x'));
        await a.directory.leases.enter(lease);
        fleet.under.freeze(a.instance);
        const next = await fleet.member();
        expect(await next.directory.succeed(a.instance)).toMatchObject({ whose: 'ours' });
        expect(await next.directory.succeed(a.instance), 'asked again').toMatchObject({ whose: 'ours' });
        expect(await b.directory.succeed(a.instance)).toEqual({ whose: 'others' });
        expect(await next.directory.leases.enter(lease)).toEqual({ status: 'held' });
        next.directory.settled(a.instance);
        await fleet.until(async () => {
          const places = await b.directory.find([thermostat, deviceRef('acme', 'd1')]);
          expect(places).toMatchObject([{ connection: lease.event.connectionId, instance: next.instance }]);
        });
        const buried = await fleet.undertaker();
        await fleet.under.pass(deadAfterMsUnderTest * 3);
        expect(buried.owed).toEqual([]);
      }));

    test('an heir that died before it had settled is inherited from, with what it had taken on', () =>
      withFleet(async (fleet) => {
        const [a, other] = await fleet.join(2);
        await a.directory.enter(a.entry('d1', 'x'));
        fleet.under.freeze(a.instance);
        const heir = await fleet.member();
        const first = await heir.directory.succeed(a.instance);
        expect(first).toMatchObject({ whose: 'ours' });
        await heir.directory.enter(heir.entry('d2', 'x'));
        fleet.under.freeze(heir.instance);
        const next = await fleet.member();
        expect(await other.directory.succeed(a.instance)).toEqual({ whose: 'others' });
        expect(await next.directory.succeed(heir.instance)).toMatchObject({ whose: 'ours' });
        expect(await next.directory.succeed(a.instance), 'under the same date').toEqual(first);
        const buried = await fleet.undertaker();
        await fleet.under.pass(deadAfterMsUnderTest * 3);
        expect(buried.owed, 'while the last one lives').toEqual([]);
        next.directory.settled(heir.instance);
        await fleet.under.pass(1_500);
        fleet.under.freeze(next.instance);
        await fleet.under.pass(deadAfterMsUnderTest * 3);
        expect(buried.owed, 'all is settled').toEqual([]);
      }));

    test('an heir that could not ask, and told all, is asked no more for it once the engine is back', () =>
      withFleet(async (fleet) => {
        const [a, heir] = await fleet.join(2);
        await a.directory.enter(a.entry('d1', 'x'));
        fleet.under.freeze(a.instance);
        const restore = fleet.under.cutOff(heir.instance);
        expect(await fleet.settles(heir.directory.succeed(a.instance))).toEqual({ whose: 'unknown' });
        heir.directory.settled(a.instance);
        restore();
        await fleet.under.pass(1_500);
        const buried = await fleet.undertaker();
        await fleet.under.pass(deadAfterMsUnderTest);
        fleet.under.freeze(heir.instance);
        await fleet.under.pass(deadAfterMsUnderTest * 3);
        expect(buried.owed).toEqual([]);
      }));

    test('what an heir took on is owed under the date of then, if it dies before it had settled', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member();
        await a.directory.enter(a.entry('d1', 'x'));
        fleet.under.freeze(a.instance);
        const heir = await fleet.member();
        const succession = await heir.directory.succeed(a.instance);
        fleet.under.freeze(heir.instance);
        const buried = await fleet.undertaker();
        await fleet.until(() => expect(buried.owed).toHaveLength(1));
        expect({ whose: 'ours', declaredAt: buried.dead.declaredAt }).toEqual(succession);
      }));

    test('the connections of a dead one are owed, each with what it needs, until they are settled', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member({ unconfirmedSince: () => epochOf(noon + 2) });
        const b = await fleet.member();
        const told = a.entry('d1', 'x', noon + 1);
        const untold = a.entry('d2', 'x', noon + 3);
        const moved = a.entry('d3', 'x', noon + 1);
        const ended = a.entry('d4', 'x', noon + 1);
        const lease = leaseOf(a.entry('d5', 'sensor', noon + 1));
        for (const entry of [told, untold, moved, ended]) await a.directory.enter(entry);
        await a.directory.leases.enter(lease);
        a.directory.leave(ended);
        await fleet.under.pass(1_100);
        fleet.under.freeze(a.instance);
        await b.directory.enter(b.entry('d3', 'x', noon));
        const buried = await fleet.undertaker();
        await fleet.until(() =>
          expect(new Set(buried.owed.map(({ event }) => event.connectionId)).size).toBe(4),
        );
        const owed = (entry: DirectoryEntry) =>
          buried.owed.find(({ event }) => event.connectionId === entry.event.connectionId);
        expect(owed(told)).toEqual({ event: told.event, unconfirmed: false, reason: 'adapter-lost' });
        expect(owed(untold)).toEqual({ event: untold.event, unconfirmed: true, reason: 'adapter-lost' });
        expect(owed(moved)).toMatchObject({ event: moved.event, reason: 'taken-over' });
        expect(owed(lease)).toMatchObject({ event: lease.event, lease: { slot: 'sensor' } });
        expect(buried.dead.identity).toMatchObject({ type: 'hono-mqtt', instance: a.instance });
        expect(buried.dead.declaredAt).toBeGreaterThanOrEqual(buried.dead.aliveAt);
        expect(buried.declared, 'once, however often its endings are asked for').toEqual([a.instance]);
        buried.settle = true;
        await fleet.until(async () =>
          expect(await b.directory.find([1, 2, 4].map((n) => deviceRef('acme', `d${n}`)))).toEqual([]),
        );
        await fleet.under.pass(2_000);
        const before = buried.owed.length;
        await fleet.under.pass(deadAfterMsUnderTest);
        expect(buried.owed.length, 'told no more').toBe(before);
      }));

    test('one that comes back learns that it was buried before it may publish, and goes on as another', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const entry = a.entry('thermostat-7', 'x');
        const dead = a.instance;
        await a.directory.enter(entry);
        const thaw = fleet.under.freeze(a.instance);
        const buried = await fleet.undertaker();
        buried.settle = true;
        await fleet.until(() => expect(buried.owed).toHaveLength(1));
        thaw();
        await fleet.until(() => expect(a.told).toEqual([{ what: 'buried', neverKnown: [] }]));
        expect(a.instance).not.toBe(dead);
        expect(a.directory.alive).toBe(true);
        expect(a.directory.holderHere(thermostat, 'x')).toBeUndefined();
        a.directory.leave(entry);
        expect(await a.directory.enter(a.entry('thermostat-7', 'x'))).toBe('held');
        await fleet.until(async () =>
          expect(await b.directory.find([thermostat])).toMatchObject([{ instance: a.instance }]),
        );
        expect(await b.directory.succeed(dead)).toEqual({ whose: 'others' });
      }));

    test('one that was cut off and buried learns what the engine never had: nobody else tells of that', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member();
        const known = a.entry('d1', 'x');
        const unknown = a.entry('d2', 'x');
        await a.directory.enter(known);
        const restore = fleet.under.cutOff(a.instance);
        await fleet.settles(a.directory.enter(unknown));
        const buried = await fleet.undertaker();
        buried.settle = true;
        await fleet.until(() => expect(buried.owed.length).toBeGreaterThan(0));
        restore();
        await fleet.until(() =>
          expect(a.told).toEqual([{ what: 'buried', neverKnown: [unknown.event.connectionId] }]),
        );
        expect(new Set(buried.owed.map(({ event }) => event.remoteId))).toEqual(new Set(['x']));
        expect(buried.owed.every(({ event }) => event.connectionId === known.event.connectionId)).toBe(true);
      }));

    test('a claim whose answer was lost is known: its ending is owed, and told by nobody else', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member();
        const claimed = a.entry('d1', 'x');
        const unknown = a.entry('d2', 'x');
        const hear = fleet.under.deafen(a.instance);
        const standing = a.directory.enter(claimed);
        await fleet.under.pass(100);
        const restore = fleet.under.cutOff(a.instance);
        expect(await fleet.settles(standing)).toBe('unknown');
        await fleet.settles(a.directory.enter(unknown));
        const buried = await fleet.undertaker();
        await fleet.until(() => expect(buried.owed.length).toBeGreaterThan(0));
        hear();
        restore();
        await fleet.until(() =>
          expect(a.told).toEqual([{ what: 'buried', neverKnown: [unknown.event.connectionId] }]),
        );
        expect(new Set(buried.owed.map(({ event }) => event.connectionId))).toEqual(
          new Set([claimed.event.connectionId]),
        );
      }));

    test('what was entered in vain, and left while it was in doubt, is told by nobody else either', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member();
        const known = a.entry('d1', 'x');
        const unknown = a.entry('d2', 'x');
        await a.directory.enter(known);
        const restore = fleet.under.cutOff(a.instance);
        await fleet.settles(a.directory.enter(unknown));
        const thaw = fleet.under.freeze(a.instance);
        const buried = await fleet.undertaker();
        await fleet.until(() => expect(buried.owed.length).toBeGreaterThan(0));
        expect(a.directory.alive).toBe(false);
        for (const entry of [known, unknown]) a.directory.leave(entry);
        restore();
        thaw();
        await fleet.until(() =>
          expect(a.told).toEqual([{ what: 'buried', neverKnown: [unknown.event.connectionId] }]),
        );
      }));

    test('one that stood still for less doubts itself, and goes on', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member();
        await a.directory.enter(a.entry('thermostat-7', 'x'));
        const buried = await fleet.undertaker();
        const thaw = fleet.under.freeze(a.instance);
        await fleet.under.pass(deadAfterMsUnderTest * 0.7);
        thaw();
        await fleet.until(() => expect(a.directory.alive).toBe(true));
        await fleet.under.pass(deadAfterMsUnderTest * 2);
        expect(buried.owed).toEqual([]);
        expect(a.told.every(({ what }) => what === 'alive-again')).toBe(true);
      }));

    test.each(['publishes', 'unknown', 'rejects'] as const)(
      'nobody is declared dead while the second signal %s',
      (state) =>
        withFleet(async (fleet) => {
          const a = await fleet.member();
          await a.directory.enter(a.entry('thermostat-7', 'x'));
          let isOver = false;
          const stateOf = vi.fn<PublishingSignal['stateOf']>(() => {
            if (isOver) return Promise.resolve('silent');
            return state === 'rejects' ? Promise.reject(new Error('away')) : Promise.resolve(state);
          });
          const buried = await fleet.undertaker({ stateOf });
          fleet.under.freeze(a.instance);
          await fleet.under.pass(deadAfterMsUnderTest * 3);
          expect(buried.owed).toEqual([]);
          expect(stateOf).toHaveBeenCalledWith(a.instance, deadAfterMsUnderTest);
          isOver = true;
          await fleet.until(() => expect(buried.owed.length).toBeGreaterThan(0));
        }),
    );
  });
}

interface Buried {
  readonly owed: OwedEnding[];
  /** Instances, as they were declared dead. */
  readonly declared: string[];
  readonly dead: DeadInstance;
  /** Whether what is told is safe. */
  settle: boolean;
}

class Fleet {
  readonly under: FleetUnderTest;
  readonly #toEnd: (() => Promise<void>)[] = [];

  constructor(under: FleetUnderTest) {
    this.under = under;
  }

  async member(facts?: MemberFacts): Promise<FleetMember> {
    const member = await joinFleet(this.under, facts);
    this.#toEnd.push(() => member.directory.close());
    return member;
  }

  async join(count: 2): Promise<[FleetMember, FleetMember]>;
  async join(count: 3): Promise<[FleetMember, FleetMember, FleetMember]>;
  async join(count: number): Promise<FleetMember[]>;
  async join(count: number): Promise<FleetMember[]> {
    const members: FleetMember[] = [];
    while (members.length < count) members.push(await this.member());
    return members;
  }

  at(members: readonly FleetMember[], index: number): FleetMember {
    const member = members[index];
    if (!member) throw new Error('no such member');
    return member;
  }

  async undertaker(signal?: PublishingSignal): Promise<Buried> {
    const owed: OwedEnding[] = [];
    let dead: DeadInstance | undefined;
    const buried = {
      owed,
      declared: [] as string[],
      settle: false,
      get dead(): DeadInstance {
        if (!dead) throw new Error('nobody is dead');
        return dead;
      },
    };
    const undertaker = await this.under.createUndertaker({
      clock: this.under.clock,
      random: seededRandom(1),
      log: silentLog,
      deadAfterMs: deadAfterMsUnderTest,
      ...(signal && { signal }),
      declared: (instance) => void buried.declared.push(instance),
      tell(instance, endings) {
        dead = instance;
        owed.push(...endings);
        return Promise.resolve(buried.settle ? endings.map(({ event }) => event.connectionId) : []);
      },
    });
    this.#toEnd.push(() => undertaker.stop());
    return buried;
  }

  /** Lets time pass until it has settled. */
  async settles<Value>(work: Promise<Value>): Promise<Value> {
    for (let tries = 0; tries < 100; tries++) {
      const passed = Symbol('passed');
      const passing = this.under.pass(100).then(() => passed);
      const first = await Promise.race([work, passing]);
      // Time that goes on passing would be taken from what is asked next.
      await passing;
      if (first !== passed) break;
    }
    return work;
  }

  /** Until it holds; how long that takes is the engine's business. */
  async until(holds: () => void | Promise<void>): Promise<void> {
    for (let tries = 0; ; tries++)
      try {
        await holds();
        return;
      } catch (error) {
        if (tries >= 100) throw error;
        await this.under.pass(200);
      }
  }

  async end(): Promise<void> {
    for (const end of this.#toEnd.toReversed()) await end();
    await this.under.cleanUp?.();
  }
}

function timesAsked({ told }: FleetMember): number {
  return told.filter(({ what }) => what === 'announce-asked').length;
}

function inOrder(a: string | undefined, b: string | undefined): number {
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
