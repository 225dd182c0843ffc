import { deviceRef, type ConnectionId } from '@rollcall/core';
import type { DirectoryEntry } from '@rollcall/core/directory';
import { describe, expect, test } from 'vitest';
import { leaseOf } from '../describe-directory.ts';
import { epochOf } from '../directory-under-test.ts';
import { seededRandom } from '../seeded-random.ts';
import type { WithFleet } from './fleet-in-test.ts';

const thermostat = deviceRef('acme', 'thermostat-7');
const noon = Date.parse('2026-11-23T12:00:00.000Z');

/** Who holds a slot, what each of several instances knows of the others, and which connection wins. */
export function describeSlots(name: string, withFleet: WithFleet): void {
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
          void a.directory.leave(older);
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
        for (const entry of entries) void a.directory.leave(entry);
        await fleet.until(() => expect(counts()).toEqual([1, 0, 1]));
      }));

    test('the connections of a tenant are known to an instance that asks about it for the first time', () =>
      withFleet(async (fleet) => {
        const [a, b, c] = await fleet.join(3);
        for (const device of ['d1', 'd2']) await a.directory.enter(a.entry(device, 'x'));
        await fleet.until(() => expect(b.directory.elsewhere(thermostat.tenant)).toBe(2));
        await fleet.under.pass(1_100);
        await fleet.settles(Promise.resolve(c.directory.lookUpCount?.(thermostat.tenant)));
        expect(c.directory.elsewhere(thermostat.tenant)).toBe(2);
        expect(c.directory.lookUpCount?.(thermostat.tenant), 'nothing to wait for').toBeUndefined();
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
}

function inOrder(a: string | undefined, b: string | undefined): number {
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
