import { deviceRef } from '@rollcall/core';
import type { LeaseEntry } from '@rollcall/core/directory';
import { describe, expect, test } from 'vitest';
import { joinFleet, type DirectoryUnderTest, type FleetMember } from './directory-under-test.ts';
import { nastyStrings } from './nasty-strings.ts';

/**
 * Every directory must pass, as far as one instance can see. Call it from the directory's own tests; where several instances can
 * join, call `describeFleet` too.
 */
export function describeDirectory(name: string, open: () => Promise<DirectoryUnderTest>): void {
  async function withMember(
    use: (member: FleetMember, under: DirectoryUnderTest) => Promise<void>,
  ): Promise<void> {
    const under = await open();
    const member = await joinFleet(under);
    try {
      await use(member, under);
    } finally {
      await member.directory.close();
      await under.cleanUp?.();
    }
  }
  const thermostat = deviceRef('acme', 'thermostat-7');

  describe(`${name} honours the ConnectionDirectory contract`, () => {
    test('a connection holds its slot from enter() to leave()', () =>
      withMember(async ({ directory, entry, told }) => {
        const first = entry('thermostat-7', 'a');
        expect(await directory.enter(first)).toBe('held');
        expect(directory.holderHere(thermostat, 'a')).toBe(first.event.connectionId);
        expect(directory.holderHere(thermostat, 'b')).toBeUndefined();
        void directory.leave(first);
        expect(directory.holderHere(thermostat, 'a')).toBeUndefined();
        expect(told).toEqual([]);
      }));

    test.each([-60_000, 0, 60_000])(
      'a newer one displaces it before enter() settles, also with an epoch %i ms later',
      (laterMs) =>
        withMember(async ({ directory, entry, told, instance }) => {
          const older = entry('thermostat-7', 'a', 1_000_000);
          const newer = entry('thermostat-7', 'a', 1_000_000 + laterMs);
          await directory.enter(older);
          let toldBefore: unknown;
          const standing = directory.enter(newer).then((result) => {
            toldBefore = [...told];
            return result;
          });
          expect(await standing).toBe('held');
          const connection = newer.event.connectionId;
          expect(toldBefore).toEqual([
            {
              what: 'displaced',
              connection: older.event.connectionId,
              by: { device: thermostat, connection, instance },
            },
          ]);
          void directory.leave(older);
          expect(directory.holderHere(thermostat, 'a')).toBe(connection);
        }),
    );

    test('what differs in tenant, device or slot, or has no slot, displaces nothing', () =>
      withMember(async ({ directory, entry, displaced }) => {
        const entries = [
          entry('thermostat-7', 'a'),
          entry('thermostat-7', 'b'),
          entry('thermostat-8', 'a'),
          entry('other/thermostat-7', 'a'),
          entry('thermostat-7'),
          entry('thermostat-7'),
        ];
        for (const each of entries) expect(await directory.enter(each)).toBe('held');
        expect(displaced()).toEqual([]);
        const places = await directory.find([thermostat, deviceRef('acme', 'unknown')]);
        const ofThermostat = [0, 1, 4, 5].map((index) => entries[index]?.event.connectionId);
        expect(new Set(places.map(({ connection }) => connection))).toEqual(new Set(ofThermostat));
        expect(places).toHaveLength(4);
      }));

    test('a slot is what the device says, whatever that is', () =>
      withMember(async ({ directory, entry, displaced }) => {
        // They are the same in UTF-8.
        const slots = Object.values(nastyStrings).filter((text) => text.isWellFormed());
        for (const slot of slots) expect(await directory.enter(entry('thermostat-7', slot))).toBe('held');
        expect(displaced()).toEqual([]);
        for (const slot of slots) expect(await directory.enter(entry('thermostat-7', slot))).toBe('held');
        expect(new Set(displaced()).size).toBe(slots.length);
      }));

    test('many at the same time: the last of each slot holds it, and each other was displaced once', () =>
      withMember(async ({ directory, entry, displaced }) => {
        const entries = Array.from({ length: 500 }, (_, index) => entry(`d${index % 7}`, `s${index % 5}`));
        await Promise.all(entries.map((each) => directory.enter(each)));
        const losers = entries.slice(0, -35).map(({ event }) => event.connectionId);
        expect(displaced().toSorted()).toEqual(losers.toSorted());
        for (const { event, slot = '' } of entries.slice(-35))
          expect(directory.holderHere(event.device, slot)).toBe(event.connectionId);
      }));

    test('what is not entered can be left, and left again', () =>
      withMember(async ({ directory, entry }) => {
        const never = entry('thermostat-7', 'a');
        void directory.leave(never);
        await directory.enter(never);
        void directory.leave(never);
        void directory.leave(never);
        expect(await directory.find([thermostat])).toEqual([]);
        expect(await directory.enter(entry('thermostat-7', 'a'))).toBe('held');
      }));

    test('a lease begins, is given up, and is left', () =>
      withMember(async ({ directory, entry, told }) => {
        const lease = leaseOf(entry('thermostat-7', 'sensor'));
        expect(await directory.leases.enter(lease)).toEqual({ status: 'held' });
        directory.leases.note(lease.event.connectionId, { ...lease.state, silentMs: 10 });
        expect((await directory.find([thermostat])).map(({ connection }) => connection)).toEqual([
          lease.event.connectionId,
        ]);
        expect(await directory.leases.giveUp(lease, 1_000)).toEqual({ status: 'given-up' });
        void directory.leave(lease);
        expect(await directory.find([thermostat])).toEqual([]);
        expect(told).toEqual([]);
      }));

    test('an earlier incarnation whose journal is there is ended by the one that has it', () =>
      withMember(async ({ directory }) => {
        expect(await directory.succeed('01a20769-0000-7000-8000-00000000dead')).toEqual({ whose: 'ours' });
        directory.settled('01a20769-0000-7000-8000-00000000dead');
      }));

    test('counts nobody elsewhere, may publish, and can be closed twice', () =>
      withMember(async ({ directory, entry }) => {
        await directory.enter(entry('thermostat-7', 'a'));
        expect(directory.elsewhere(thermostat.tenant)).toBe(0);
        expect(directory.alive).toBe(true);
        for (const [what, count] of Object.entries(directory.counts())) {
          expect(what).toMatch(/^[a-z][a-z_]*$/);
          expect(count).toBeGreaterThanOrEqual(0);
        }
        expect(['local', 'in-touch', 'catching-up']).toContain(directory.status);
        if (directory.status === 'local') expect(directory.sight).toBeUndefined();
        else expect(directory.sight).toMatchObject({ instances: 1, answerMs: expect.any(Number) });
        await directory.close();
        await directory.close();
      }));
  });
}

/** The entry of a lease that has an hour left. */
export function leaseOf(entry: ReturnType<FleetMember['entry']>): LeaseEntry {
  const basis = { kind: 'lease', intervalMs: 3_600_000, from: 'declared' } as const;
  const { event, slot = '' } = entry;
  return { event: { ...event, basis }, slot, state: { basis, silentMs: 0, leftMs: 3_600_000 } };
}
