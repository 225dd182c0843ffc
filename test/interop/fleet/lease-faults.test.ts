import { setTimeout as pause } from 'node:timers/promises';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { scale } from '../../faults/support/scale.ts';
import { kill } from './fleet-stage.ts';
import { endings } from './fleet-truth.ts';
import { counts, deadAfterMs, over, patienceMs, play, protocols, rounds } from './lease-play.ts';
import type { RequestProtocol } from './requesting-devices.ts';

// As fleet-faults.test.ts, of devices without connections: their requests go to one adapter and then to another.

clearUpAfterEach();

describe.skipIf(!hasDebianPackage('redis-server'))(
  'leases in a fleet, under faults',
  { repeats: rounds - 1, timeout: 400_000 },
  () => {
    test.each(protocols)('requests that go to either adapter are of one lease (%s)', async (protocol) => {
      const fleet = await play(protocol);
      const { holder, other } = fleet;
      for (const member of [other, holder, other, other, holder]) await fleet.fromAll(member);
      expect(await fleet.haveOneLease()).toEqual([]);
    });

    const ways = scale({ quick: [undefined], soak: [undefined, 'back', 'forth'] as const });
    test.each(protocols.flatMap((protocol) => ways.map((way) => [protocol, way ?? 'both'] as const)))(
      'the engine is cut off at one adapter alone, and devices move from it: one lease each, and no device is reported as disconnected (%s, directions: %s)',
      async (protocol, way) => {
        // Nobody is declared dead, however long requests take on a busy machine.
        const fleet = await play(protocol, { limitMs: 12 * deadAfterMs });
        const { holder, other } = fleet;
        holder.toEngine.silence(way === 'both' ? undefined : way);
        for (let round = 0; round < 4; round++) {
          await fleet.fromAll(other);
          await pause(scale({ quick: 500, soak: 1_500 }));
        }
        holder.toEngine.restore();
        await fleet.fromAllUntil(other, async () => {
          const { checks } = await holder.stage.readiness();
          return checks.every(({ name, status }) => name !== 'fleet' || status === 'UP');
        });
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    const restarts = scale({
      quick: ['never', 'after 1 s'],
      soak: ['never', 'after 1 s', 'after 60 s'],
    } as const);
    test.each(over('coap').flatMap((protocol) => restarts.map((restart) => [protocol, restart] as const)))(
      'the holder is killed, and its devices go to the other: one lease each, and no device is reported as disconnected (%s, started again: %s)',
      async (protocol, restart) => {
        const fleet = await play(protocol);
        const { holder, other } = fleet;
        const before = fleet.connections();
        await kill(holder);
        if (restart === 'after 1 s') await pause(1_000).then(() => holder.stage.adapter.start());
        if (restart !== 'after 1 s') await fleet.fromAllUntil(other, () => fleet.sees(other, 1));
        await fleet.fromAll(other);
        if (restart === 'after 60 s') {
          const since = performance.now();
          await fleet.fromAllUntil(other, () => performance.now() - since > 60_000);
          await holder.stage.adapter.start();
        }
        if (restart !== 'never') await fleet.fromAll(holder);
        expect(await fleet.haveOneLease()).toEqual([]);
        for (const [device, [first]] of before)
          expect(fleet.connections().get(device)?.[0], 'it goes on, or was taken over').toMatchObject({
            id: first?.id,
          });
      },
    );

    const standstills = scale({ quick: [2], soak: [0.5, 2, 6] });
    test.each(over('coap').flatMap((protocol) => standstills.map((share) => [protocol, share] as const)))(
      'the holder is stopped, and its devices go to the other: one lease each, and no device is reported as disconnected (%s, %d times the limit)',
      async (protocol, share) => {
        const fleet = await play(protocol);
        const { holder, other } = fleet;
        holder.stage.adapter.freeze();
        const until = performance.now() + share * deadAfterMs;
        do {
          await fleet.fromAll(other);
          await pause(500);
        } while (performance.now() < until);
        holder.stage.adapter.thaw();
        await fleet.fromAll(holder);
        await fleet.fromAll(other);
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    // It takes half a minute.
    test.each(scale<readonly RequestProtocol[]>({ quick: [], soak: protocols }))(
      'the holder is killed, and no one hears its devices again: each is reported as disconnected once (%s)',
      async (protocol) => {
        const fleet = await play(protocol, { intervalMs: 20_000 });
        await kill(fleet.holder);
        const lost = { 'adapter-lost': counts[protocol] };
        await eventuallyNone(() => {
          const got = endings(fleet.record);
          return JSON.stringify(got) === JSON.stringify(lost) ? [] : [JSON.stringify(got)];
        }, patienceMs);
        await fleet.holder.stage.adapter.start();
        await pause(2_000);
        expect(endings(fleet.record)).toEqual(lost);
        expect([...fleet.connections().values()].every(({ length }) => length === 1)).toBe(true);
      },
    );
  },
);
