import type { EventId, Timestamp } from '@rollcall/core';
import type { DirectoryEntry } from '@rollcall/core/directory';
import type { DisconnectedEvent } from '@rollcall/core/events';
import { describe, expect, test } from 'vitest';
import { anEnding } from '../an-event.ts';
import { leaseOf } from '../describe-directory.ts';
import { deadAfterMsUnderTest, epochOf } from '../directory-under-test.ts';
import type { WithFleet } from './fleet-in-test.ts';

const noon = Date.parse('2026-11-23T12:00:00.000Z');
let endings = 0;

/** As an instance stamps it; `atMs`: milliseconds of its ended-epoch. */
function endingOf({ event }: DirectoryEntry, atMs: number, facts: Partial<DisconnectedEvent> = {}) {
  endings += 1;
  return anEnding(event, {
    id: `01a2076b-4400-7000-8000-${String(endings).padStart(12, '0')}` as EventId,
    endedEpoch: epochOf(atMs),
    at: (noon + 1_000) as Timestamp,
    lastSeen: (noon + 900) as Timestamp,
    uncertaintyMs: 100,
    ...facts,
  });
}

/** The first one says that it may not have sent what it stamped from noon on. */
async function membersOf(fleet: Parameters<Parameters<WithFleet>[0]>[0]) {
  return [await fleet.member({ unconfirmedSince: () => epochOf(noon) }), await fleet.member()] as const;
}

/** An instance dies, and may not have sent how its connections ended. */
export function describeNotedEndings(name: string, withFleet: WithFleet): void {
  describe(`${name}: endings of one that died after it left`, () => {
    test('are told as it noted them, after the connected where that was unconfirmed; what it had sent is not told', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member({ unconfirmedSince: () => epochOf(noon + 5) });
        const confirmed = a.entry('d1', 'x', noon + 1);
        const unconfirmed = a.entry('d2', undefined, noon + 6);
        const longAgo = a.entry('d3', 'x', noon + 1);
        const silent = a.entry('d4', 'x', noon + 1);
        for (const entry of [confirmed, unconfirmed, longAgo, silent]) await a.directory.enter(entry);
        const { slot: _none, ...rest } = endingOf(unconfirmed, noon + 8, {
          raw: { code: 141, text: 'a\nb' },
        });
        const noted = [endingOf(confirmed, noon + 7, { coalesced: 2 }), rest] as const;
        await a.directory.leave(confirmed, noted[0]);
        await a.directory.leave(unconfirmed, noted[1]);
        await a.directory.leave(longAgo, endingOf(longAgo, noon + 4));
        await a.directory.leave(silent);
        await fleet.under.pass(1_100);
        fleet.under.freeze(a.instance);
        const buried = await fleet.undertaker();
        await fleet.until(() => expect(new Set(buried.owed.map(({ ending }) => ending?.id)).size).toBe(2));
        const owed = (entry: DirectoryEntry) =>
          buried.owed.find(({ event }) => event.connectionId === entry.event.connectionId);
        expect(owed(confirmed)).toMatchObject({ event: confirmed.event, unconfirmed: false });
        expect(owed(confirmed)?.ending).toEqual(noted[0]);
        expect(owed(unconfirmed)).toMatchObject({ event: unconfirmed.event, unconfirmed: true });
        expect(owed(unconfirmed)?.ending).toEqual(noted[1]);
        expect(
          buried.owed.every(({ ending }) => ending),
          'nothing else is owed',
        ).toBe(true);
        expect([owed(longAgo), owed(silent)]).toEqual([undefined, undefined]);
        buried.settle = true;
        await fleet.until(() => expect(buried.settled.size).toBe(2));
        await fleet.under.pass(2_000);
        const before = buried.owed.length;
        await fleet.under.pass(deadAfterMsUnderTest);
        expect(buried.owed.length, 'told no more').toBe(before);
      }));

    test('are told of one that was displaced, as taken over, by the dead one itself', () =>
      withFleet(async (fleet) => {
        const [a, b] = await membersOf(fleet);
        const older = a.entry('d1', 'x', noon);
        await a.directory.enter(older);
        await b.directory.enter(b.entry('d1', 'x', noon + 1));
        await fleet.until(() => expect(a.displaced()).toEqual([older.event.connectionId]));
        const ending = endingOf(older, noon + 60_000, {
          reason: 'taken-over',
          initiator: 'adapter',
          clean: false,
        });
        await a.directory.leave(older, ending);
        fleet.under.freeze(a.instance);
        const buried = await fleet.undertaker();
        buried.settle = true;
        await fleet.until(() => expect(buried.owed.map((each) => each.ending)).toEqual([ending]));
        expect(await b.directory.find([older.event.device])).toMatchObject([{ instance: b.instance }]);
      }));

    test('are told while more leases than are told at a time go on beside them', () =>
      withFleet(async (fleet) => {
        const [a] = await membersOf(fleet);
        for (let lease = 0; lease < 150; lease++)
          await a.directory.leases.enter(leaseOf(a.entry(`d${lease}`, 'sensor', noon)));
        const ended = Array.from({ length: 5 }, (_, index) => a.entry(`e${index}`, 'x', noon));
        for (const entry of ended) {
          await a.directory.enter(entry);
          await a.directory.leave(entry, endingOf(entry, noon + 60_000));
        }
        const buried = await fleet.undertaker();
        buried.settle = ({ lease }) => lease === undefined;
        fleet.under.freeze(a.instance);
        const connections = new Set(ended.map(({ event }) => event.connectionId));
        await fleet.until(() => expect(buried.settled).toEqual(connections));
      }));

    test('are told of a lease, also of one that came from another, and that one is not gone on with', () =>
      withFleet(async (fleet) => {
        const [a, b] = await membersOf(fleet);
        const own = leaseOf(a.entry('d1', 'sensor', noon));
        const moved = leaseOf(b.entry('d2', 'sensor', noon));
        await a.directory.leases.enter(own);
        await b.directory.leases.enter(moved);
        const taking = await a.directory.leases.take({ ...moved, instance: b.instance });
        expect(taking.status).toBe('taken');
        const noted = [own, moved].map((lease) =>
          endingOf(lease, noon + 60_000, {
            adapter: { ...a.entry('any').event.adapter },
            reason: 'inactive',
            clean: false,
            basis: { ...lease.state.basis, until: (noon + 950) as Timestamp },
          }),
        );
        for (const [index, lease] of [own, moved].entries()) {
          expect(await a.directory.leases.giveUp(lease, 0)).toEqual({ status: 'given-up' });
          await a.directory.leave(lease, noted[index]);
        }
        fleet.under.freeze(a.instance);
        const buried = await fleet.undertaker();
        buried.settle = true;
        await fleet.until(() => expect(buried.settled.size).toBe(2));
        const told = buried.owed.map(({ event, ending }) => [event.adapter.instance, ending] as const);
        expect(new Map(told)).toEqual(
          new Map([
            [own.event.adapter.instance, noted[0]],
            [moved.event.adapter.instance, noted[1]],
          ]),
        );
        for (const lease of [own, moved])
          expect(await b.directory.leases.enter(lease)).toEqual({ status: 'ended' });
      }));

    test('are told by nobody else: its next incarnation, without that part of the journal, leaves them to the others', () =>
      withFleet(async (fleet) => {
        const [a, b] = await membersOf(fleet);
        if (!b.directory.untoldOf) return;
        const noted = a.entry('d1', 'x', noon);
        const never = a.entry('d2', 'x', noon);
        await a.directory.enter(noted);
        await a.directory.leave(noted, endingOf(noted, noon + 60_000));
        const dead = a.instance;
        fleet.under.freeze(dead);
        const buried = await fleet.undertaker();
        const untold = async () =>
          (
            await b.directory.untoldOf?.(
              dead,
              [noted, never].map(({ event }) => event),
            )
          )?.connections;
        const onlyNever = new Set([never.event.connectionId]);
        await fleet.until(() => expect(buried.owed.length).toBeGreaterThan(0));
        expect(await untold(), 'before they are told').toEqual(onlyNever);
        buried.settle = true;
        await fleet.until(() => expect(buried.settled.size).toBe(1));
        await fleet.until(async () => expect(await untold(), 'after that').toEqual(onlyNever));
      }));

    test('leave() settles though nobody answers, and waits for nothing while the engine is known to be away', () =>
      withFleet(async (fleet) => {
        const a = await fleet.member();
        const entries = Array.from({ length: 30 }, (_, index) => a.entry(`d${index}`, 'x', noon));
        for (const entry of entries) await a.directory.enter(entry);
        const restore = fleet.under.cutOff(a.instance);
        for (const entry of entries.slice(0, 20))
          await fleet.settles(Promise.resolve(a.directory.leave(entry, endingOf(entry, noon + 1))));
        await fleet.until(() => expect(a.directory.status).toBe('away'));
        const [last] = entries.slice(-1);
        expect(last && a.directory.leave(last, endingOf(last, noon + 1))).toBeUndefined();
        restore();
      }));
  });
}
