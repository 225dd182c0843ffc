import { deviceRef } from '@rollcall/core';
import type { DirectoryEntry } from '@rollcall/core/directory';
import { describe, expect, test } from 'vitest';
import { anEnding } from '../an-event.ts';
import { leaseOf } from '../describe-directory.ts';
import { deadAfterMsUnderTest, epochOf } from '../directory-under-test.ts';
import type { WithFleet } from './fleet-in-test.ts';

const thermostat = deviceRef('acme', 'thermostat-7');

/** The next incarnation tells what those before it had open. */
export function describeHeirs(name: string, withFleet: WithFleet): void {
  describe(`${name}: heirs of an incarnation`, () => {
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

    test('a lease that an heir had not entered when it stopped goes on at the next one', () =>
      withFleet(async (fleet) => {
        const [a, other] = await fleet.join(2);
        const lease = leaseOf(a.entry('d1', 'sensor'));
        await a.directory.leases.enter(lease);
        fleet.under.freeze(a.instance);
        const heir = await fleet.member();
        expect(await heir.directory.succeed(a.instance)).toMatchObject({ whose: 'ours' });
        fleet.under.freeze(heir.instance);
        const next = await fleet.member();
        expect(await next.directory.succeed(heir.instance)).toMatchObject({ whose: 'ours' });
        const restore = fleet.under.cutOff(next.instance);
        expect(await fleet.settles(next.directory.leases.enter(lease))).toEqual({ status: 'unknown' });
        restore();
        next.directory.settled(heir.instance);
        await fleet.until(async () => {
          const places = await other.directory.find([deviceRef('acme', 'd1')]);
          expect(places).toMatchObject([{ connection: lease.event.connectionId, instance: next.instance }]);
        });
        expect(next.told.filter(({ what }) => what === 'moved-away')).toEqual([]);
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

    test('what the dead one had not sent is owed, if its heir dies before it had settled', () =>
      withFleet(async (fleet) => {
        const noon = Date.parse('2026-11-23T12:00:00.000Z');
        const a = await fleet.member({ epoch: () => epochOf(noon), unconfirmedSince: () => epochOf(noon) });
        const sent = a.entry('d1', 'x', noon - 1);
        const unsent = a.entry('d2', 'x', noon + 1);
        const ended = a.entry('d3', 'x', noon - 1);
        for (const entry of [sent, unsent, ended]) await a.directory.enter(entry);
        const ending = anEnding(ended.event, { endedEpoch: epochOf(noon + 2) });
        await a.directory.leave(ended, ending);
        await fleet.under.pass(1_100);
        fleet.under.freeze(a.instance);
        const heir = await fleet.member();
        expect(await heir.directory.succeed(a.instance)).toMatchObject({ whose: 'ours' });
        fleet.under.freeze(heir.instance);
        const buried = await fleet.undertaker();
        buried.settle = true;
        await fleet.until(() => expect(buried.settled.size).toBe(3));
        const owed = ({ event }: DirectoryEntry) =>
          buried.owed.find(({ event: { connectionId } }) => connectionId === event.connectionId);
        expect([sent, unsent, ended].map((each) => owed(each)?.unconfirmed)).toEqual([false, true, false]);
        expect(owed(ended)?.ending).toEqual(ending);
      }));

    test('what an heir may have told as lost is owed as lost, although its device has come back since', () =>
      withFleet(async (fleet) => {
        const [a, other] = await fleet.join(2);
        const lost = a.entry('d1', 'x');
        await a.directory.enter(lost);
        fleet.under.freeze(a.instance);
        const heir = await fleet.member();
        expect(await heir.directory.succeed(a.instance)).toMatchObject({ whose: 'ours' });
        fleet.under.freeze(heir.instance);
        await other.directory.enter(other.entry('d1', 'x'));
        const buried = await fleet.undertaker();
        await fleet.until(() => expect(buried.owed).toHaveLength(1));
        expect(buried.owed).toMatchObject([{ event: lost.event, reason: 'adapter-lost' }]);
      }));
  });
}
