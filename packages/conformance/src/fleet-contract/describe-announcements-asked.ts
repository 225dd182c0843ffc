import { describe, expect, test } from 'vitest';
import { type FleetMember } from '../directory-under-test.ts';
import type { WithFleet } from './fleet-in-test.ts';

/** Somebody who begins with nothing has the fleet announce what is open. */
export function describeAnnouncementsAsked(name: string, withFleet: WithFleet): void {
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
}

function timesAsked({ told }: FleetMember): number {
  return told.filter(({ what }) => what === 'announce-asked').length;
}
