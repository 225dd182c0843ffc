import type { ConnectionId } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { describe, expect, test, vi } from 'vitest';
import { deadAfterMsUnderTest, joinFleet, type FleetUnderTest } from './directory-under-test.ts';
import { seededRandom } from './seeded-random.ts';

/** Every directory that says which endings of a dead instance nobody tells must pass. */
export function describeUntoldEndings(name: string, open: () => Promise<FleetUnderTest>): void {
  describe(`${name}: endings that nobody tells`, () => {
    test('are those of connections that it did not know; not those that are owed, nor those that were told', async () => {
      const fleet = await open();
      const a = await joinFleet(fleet);
      // An undertaker is part of an instance that lives.
      const next = await joinFleet(fleet);
      const told = a.entry('d1', 'x');
      const owed = a.entry('d2', 'x');
      const never = [a.entry('d3', 'x'), a.entry('d4')];
      for (const entry of [told, owed]) await a.directory.enter(entry);
      const dead = a.instance;
      fleet.freeze(dead);
      const settled = new Set<ConnectionId>([told.event.connectionId]);
      const tell = vi.fn<Parameters<typeof fleet.createUndertaker>[0]['tell']>((_dead, endings) =>
        Promise.resolve(endings.map(({ event }) => event.connectionId).filter((id) => settled.has(id))),
      );
      const undertaker = await fleet.createUndertaker({
        clock: fleet.clock,
        random: seededRandom(1),
        log: silentLog,
        deadAfterMs: deadAfterMsUnderTest,
        tell,
      });
      for (let tries = 0; tries < 100 && tell.mock.calls.length < 3; tries++) await fleet.pass(200);
      expect(await next.directory.succeed(dead)).toEqual({ whose: 'others' });
      const ask = () =>
        next.directory.untoldOf?.(
          dead,
          [told, owed, ...never].map(({ event }) => event),
        );
      const untold = await ask();
      const neverTold = new Set(never.map(({ event }) => event.connectionId));
      expect(untold?.connections).toEqual(neverTold);
      const [instance] = tell.mock.calls.at(-1) ?? [];
      expect(untold).toMatchObject({ aliveAt: instance?.aliveAt, declaredAt: instance?.declaredAt });
      settled.add(owed.event.connectionId);
      const before = tell.mock.calls.length;
      for (let tries = 0; tries < 100 && tell.mock.calls.length === before; tries++) await fleet.pass(200);
      await undertaker.stop();
      expect((await ask())?.connections, 'told by now').toEqual(neverTold);
      expect(await next.directory.untoldOf?.('01a20769-0000-7000-8000-00000000cafe', [])).toBeUndefined();
      await next.directory.close();
      await a.directory.close();
      await fleet.cleanUp?.();
    });
  });
}
