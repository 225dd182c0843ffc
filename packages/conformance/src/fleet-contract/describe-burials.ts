import { deviceRef, type Timestamp } from '@rollcall/core';
import type { DirectoryEntry, PublishingSignal } from '@rollcall/core/directory';
import { describe, expect, test, vi } from 'vitest';
import { leaseOf } from '../describe-directory.ts';
import { deadAfterMsUnderTest, epochOf } from '../directory-under-test.ts';
import type { WithFleet } from './fleet-in-test.ts';

const thermostat = deviceRef('acme', 'thermostat-7');
const noon = Date.parse('2026-11-23T12:00:00.000Z');

/** Who gives no sign of life is declared dead, and others tell its endings. */
export function describeBurials(name: string, withFleet: WithFleet): void {
  describe(`${name}: incarnations that ended`, () => {
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
        void a.directory.leave(ended);
        await fleet.under.pass(1_100);
        fleet.under.freeze(a.instance);
        await b.directory.enter(b.entry('d3', 'x', noon));
        const buried = await fleet.undertaker();
        await fleet.until(() =>
          expect(new Set(buried.owed.map(({ event }) => event.connectionId)).size).toBe(4),
        );
        const owed = (entry: DirectoryEntry) =>
          buried.owed.find(({ event }) => event.connectionId === entry.event.connectionId);
        // Only an engine with a clock of its own says when the device connected.
        const withoutTime = (entry: DirectoryEntry) => ({ ...owed(entry), connectedAt: undefined });
        expect(withoutTime(told)).toEqual({ event: told.event, unconfirmed: false, reason: 'adapter-lost' });
        expect(withoutTime(untold)).toEqual({
          event: untold.event,
          unconfirmed: true,
          reason: 'adapter-lost',
        });
        expect(owed(moved)).toMatchObject({ event: moved.event, reason: 'taken-over' });
        expect(owed(lease)).toMatchObject({ event: lease.event, lease: { slot: 'sensor' } });
        expect(buried.dead.identity).toMatchObject({ type: 'hono-mqtt', instance: a.instance });
        expect(buried.dead.declaredAt).toBeGreaterThanOrEqual(buried.dead.aliveAt);
        expect(buried.declared, 'once, however often its endings are asked for').toEqual([a.instance]);
        buried.settle = true;
        await fleet.until(async () =>
          expect(await b.directory.find([1, 2, 4].map((n) => deviceRef('acme', `d${n}`)))).toEqual([]),
        );
        // A lease is asked for again when it has run out, which an engine may take its time for.
        const sessions = [told, untold, moved].map(({ event }) => event.connectionId);
        await fleet.until(() => expect(sessions.filter((each) => !buried.settled.has(each))).toEqual([]));
        await fleet.under.pass(2_000);
        const before = buried.owed.length;
        await fleet.under.pass(deadAfterMsUnderTest);
        expect(buried.owed.length, 'told no more').toBe(before);
      }));

    test('a lease of a dead one is owed with what was noted last: its basis, and when its device was heard', () =>
      withFleet(async (fleet) => {
        const [a] = await fleet.join(2);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        const basis = { kind: 'lease', intervalMs: 72_000, from: 'learned' } as const;
        a.directory.leases.note(lease.event.connectionId, { ...lease.state, silentMs: 30_000, basis });
        await fleet.under.pass(2_100);
        fleet.under.freeze(a.instance);
        const buried = await fleet.undertaker();
        await fleet.until(() =>
          expect(buried.owed).toMatchObject([{ event: lease.event, lease: { state: { basis } } }]),
        );
        expect(buried.owed[0]?.lease?.heardAt).toBeLessThanOrEqual(buried.dead.aliveAt - 30_000);
      }));

    test.each([-300_000, 300_000])(
      'the clock of who tells decides nothing: it is %i ms from the one of the engine',
      (apartMs) =>
        withFleet(async (fleet) => {
          const a = await fleet.member();
          await a.directory.enter(a.entry('thermostat-7', 'x'));
          fleet.under.freeze(a.instance);
          const { clock } = fleet.under;
          const buried = await fleet.undertaker(undefined, {
            now: () => (clock.now() + apartMs) as Timestamp,
            monotonic: () => clock.monotonic(),
            at: (deadline, ring) => clock.at(deadline, ring),
          });
          await fleet.until(() => expect(buried.now).toBeDefined());
          const sinceMs = (buried.now ?? 0) - buried.dead.declaredAt;
          expect(sinceMs).toBeGreaterThanOrEqual(0);
          expect(sinceMs).toBeLessThan(120_000);
        }),
    );

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
        void a.directory.leave(entry);
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
        for (const entry of [known, unknown]) void a.directory.leave(entry);
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
