import { deviceRef } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { leaseOf } from '../describe-directory.ts';
import { deadAfterMsUnderTest, epochOf } from '../directory-under-test.ts';
import type { WithFleet } from './fleet-in-test.ts';

const thermostat = deviceRef('acme', 'thermostat-7');
const noon = Date.parse('2026-11-23T12:00:00.000Z');

/** A device has one lease in the fleet, which stays, moves, or ends. */
export function describeLeasesOfFleet(name: string, withFleet: WithFleet): void {
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
        void a.directory.leave(lease);
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

    test('whether a sink may lack its beginning is known wherever it moves, of a holder that lives and of one that is dead', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member({ unconfirmedSince: () => epochOf(noon + 2) });
        const b = await fleet.member();
        const [sent, unsent] = [leaseOf(a.entry('d1', 'x', noon + 1)), leaseOf(a.entry('d2', 'x', noon + 3))];
        for (const lease of [sent, unsent]) await a.directory.leases.enter(lease);
        await fleet.under.pass(1_100);
        const known = () =>
          Promise.all(
            [sent, unsent].map(({ event }) =>
              fleet.settles(b.directory.leases.isUnconfirmed({ event, instance: a.instance })),
            ),
          );
        expect(await known()).toEqual([false, true]);
        const dead = a.instance;
        await fleet.undertaker();
        fleet.under.freeze(dead);
        await fleet.until(async () => {
          const next = await fleet.settles(b.directory.leases.enter(leaseOf(b.entry('d1', 'x', noon + 5))));
          expect(next.status).toBe('moved-here');
        });
        expect(await known()).toEqual([false, true]);
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
        void a.directory.leave(lease);
        restore();
        await fleet.until(() => expect(a.told).toEqual([{ what: 'buried', neverKnown: [] }]));
        await fleet.under.pass(1_500);
        expect(await b.directory.leases.enter(lease)).toEqual({ status: 'ended' });
        const before = buried.owed.length;
        await fleet.under.pass(deadAfterMsUnderTest);
        expect(buried.owed).toHaveLength(before);
      }));

    test('one whose end others told is not gone on with by who held it, and comes back', () =>
      withFleet(async (fleet) => {
        const [a] = await fleet.join(2);
        const lasting = leaseOf(a.entry('thermostat-7', 'sensor'));
        const lease = { ...lasting, state: { ...lasting.state, leftMs: 1_000 } };
        await a.directory.leases.enter(lease);
        const thaw = fleet.under.freeze(a.instance);
        const buried = await fleet.undertaker();
        buried.settle = true;
        await fleet.until(() => expect([...buried.settled]).toEqual([lease.event.connectionId]));
        thaw();
        await fleet.until(() => expect(a.told).toEqual([{ what: 'buried', neverKnown: [] }]));
        expect(await fleet.settles(a.directory.leases.enter(lease))).toEqual({ status: 'ended' });
      }));

    test.each(['nowhere else', 'elsewhere, too'])(
      'one that its holder began before it knew that it was declared dead is entered as any other: it is held %s',
      (held) =>
        withFleet(async (fleet) => {
          const [a, b] = await fleet.join(2);
          const { declared } = await fleet.undertaker();
          const restore = fleet.under.cutOff(a.instance);
          await fleet.until(() => expect(declared).toEqual([a.instance]));
          const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
          expect(await fleet.settles(a.directory.leases.enter(lease))).toEqual({ status: 'unknown' });
          const other = leaseOf(b.entry('thermostat-7', 'sensor'));
          if (held === 'elsewhere, too') await b.directory.leases.enter(other);
          restore();
          const buried = { what: 'buried', neverKnown: [lease.event.connectionId] };
          await fleet.until(() => expect(a.told).toEqual([buried]));
          await fleet.until(async () =>
            expect(await fleet.settles(a.directory.leases.enter(lease))).toMatchObject(
              held === 'elsewhere, too'
                ? { status: 'elsewhere', lease: { event: other.event } }
                : { status: 'held' },
            ),
          );
        }),
    );

    test.each(['nowhere else', 'elsewhere, too'])(
      'one that the engine never had before its holder was killed, and buried, goes on at the next run: it is held %s',
      (held) =>
        withFleet(async (fleet) => {
          const [a, b, next] = await fleet.join(3);
          const briefly = (device: string) => {
            const lease = leaseOf(a.entry(device, 'sensor'));
            return { ...lease, state: { ...lease.state, leftMs: 1_000 } };
          };
          const [known, never] = [briefly('thermostat-6'), briefly('thermostat-7')];
          await a.directory.leases.enter(known);
          const dead = a.instance;
          fleet.under.cutOff(dead);
          await fleet.until(async () =>
            expect(await fleet.settles(a.directory.leases.enter(never))).toEqual({ status: 'unknown' }),
          );
          fleet.under.freeze(dead);
          const buried = await fleet.undertaker();
          buried.settle = true;
          await fleet.until(() => expect([...buried.settled]).toEqual([known.event.connectionId]));
          const other = leaseOf(b.entry('thermostat-7', 'sensor'));
          if (held === 'elsewhere, too') await b.directory.leases.enter(other);
          expect(await next.directory.succeed(dead)).toEqual({ whose: 'others' });
          expect(await fleet.settles(next.directory.leases.enter(known))).toEqual({ status: 'ended' });
          expect(await fleet.settles(next.directory.leases.enter(never))).toMatchObject(
            held === 'elsewhere, too'
              ? { status: 'elsewhere', lease: { event: other.event } }
              : { status: 'held' },
          );
        }),
    );

    test('one with which another instance went on, and that ended there, is not gone on with by the next run of its holder', () =>
      withFleet(async (fleet) => {
        const [a, b, next] = await fleet.join(3);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        const dead = a.instance;
        fleet.under.freeze(dead);
        const buried = await fleet.undertaker();
        await fleet.until(() => expect(buried.declared).toEqual([dead]));
        const standing = await fleet.settles(
          b.directory.leases.enter(leaseOf(b.entry('thermostat-7', 'sensor'))),
        );
        if (standing.status !== 'moved-here') throw new Error(standing.status);
        const { event, slot } = standing.lease;
        const lost = b.instance;
        b.directory.leases.note(event.connectionId, { ...lease.state, leftMs: 1_000 });
        await fleet.under.pass(1_500);
        fleet.under.freeze(lost);
        buried.settle = true;
        await fleet.until(() => expect([...buried.settled]).toEqual([event.connectionId]));
        expect(await next.directory.succeed(dead)).toEqual({ whose: 'others' });
        expect(await fleet.settles(next.directory.leases.enter({ ...lease, slot }))).toEqual({
          status: 'ended',
        });
      }));

    test('one that ran out, and whose end is being told, is not gone on with: its device has a new one', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const basis = { kind: 'lease', intervalMs: 1_000, from: 'learned' } as const;
        const lease = {
          ...leaseOf(a.entry('thermostat-7', 'sensor')),
          state: { basis, silentMs: 0, leftMs: 1_000 },
        };
        await a.directory.leases.enter(lease);
        const dead = a.instance;
        fleet.under.freeze(dead);
        const buried = await fleet.undertaker();
        const last = () => buried.owed.at(-1);
        await fleet.until(() => expect(last()?.lease?.state.leftMs).toBeLessThanOrEqual(0));
        const handedOut = buried.owed.length;
        expect(await fleet.settles(b.directory.leases.enter(lease))).toEqual({ status: 'ended' });
        const taking = b.directory.leases.take({ ...lease, instance: dead });
        expect(await fleet.settles(taking)).toEqual({ status: 'gone' });
        const next = leaseOf(b.entry('thermostat-7', 'sensor'));
        expect(await fleet.settles(b.directory.leases.enter(next))).toEqual({ status: 'held' });
        await fleet.until(() => expect(buried.owed.length).toBeGreaterThan(handedOut));
        expect(last(), 'as before').toMatchObject({ event: lease.event, reason: 'adapter-lost' });
        buried.settle = true;
        await fleet.until(() => expect([...buried.settled]).toEqual([lease.event.connectionId]));
        expect(await b.directory.find([thermostat])).toMatchObject([
          { connection: next.event.connectionId, instance: b.instance },
        ]);
        expect(b.told).toEqual([]);
      }));

    test('one that was ended elsewhere is not gone on with', () =>
      withFleet(async (fleet) => {
        const [a, b] = await fleet.join(2);
        const lease = leaseOf(a.entry('thermostat-7', 'sensor'));
        await a.directory.leases.enter(lease);
        expect(await a.directory.leases.giveUp(lease, 0)).toEqual({ status: 'given-up' });
        void a.directory.leave(lease);
        await fleet.until(async () => expect(await a.directory.find([thermostat])).toEqual([]));
        expect(await b.directory.leases.enter(lease)).toEqual({ status: 'ended' });
      }));
  });
}
