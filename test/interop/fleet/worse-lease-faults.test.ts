import { setTimeout as pause } from 'node:timers/promises';
import { deviceRef } from '@rollcall/core';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { scale } from '../../faults/support/scale.ts';
import { kill, replicaThatHearsNoMore } from './fleet-stage.ts';
import { endings } from './fleet-truth.ts';
import { deadAfterMs, over, patienceMs, play, protocols, rounds } from './lease-play.ts';

// As lease-faults.test.ts: an engine that is away, cuts that last longer than the interval, and two faults at a time.

clearUpAfterEach();

describe.skipIf(!hasDebianPackage('redis-server'))(
  'leases in a fleet, under worse faults',
  { repeats: rounds - 1, timeout: 400_000 },
  () => {
    const outages = ['is stopped', 'is killed, and begins with nothing', 'fails over to a replica'] as const;
    test.each(over('coap').flatMap((protocol) => outages.map((outage) => [protocol, outage] as const)))(
      'requests go to either adapter while the engine is away: one lease each afterwards, and no device is reported as disconnected (%s, it %s)',
      async (protocol, outage) => {
        const fleet = await play(protocol);
        const { holder, other, engine } = fleet;
        const failOver =
          outage === 'fails over to a replica' ? await replicaThatHearsNoMore(fleet) : undefined;
        if (outage === 'is stopped') engine.signal('SIGSTOP');
        if (outage.startsWith('is killed')) await engine.kill();
        for (let round = 0; round < scale({ quick: 4, soak: 12 }); round++) {
          await fleet.fromAll(round % 2 === 0 ? other : holder);
          await pause(800);
        }
        if (outage === 'is stopped') engine.signal('SIGCONT');
        if (outage.startsWith('is killed')) await engine.restartEmpty();
        await failOver?.();
        await fleet.fromAllUntil(holder, () => fleet.sees(holder, 2));
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    test.each(over('coap'))(
      'the engine is stopped while leases move from a holder that was killed: one each, and no device is reported as disconnected (%s)',
      async (protocol) => {
        const fleet = await play(protocol);
        const { holder, other, engine } = fleet;
        await kill(holder);
        await fleet.fromAllUntil(other, () => fleet.sees(other, 1));
        const moving = fleet.fromAll(other);
        engine.signal('SIGSTOP');
        await moving;
        await pause(scale({ quick: 2_500, soak: 10_000 }));
        engine.signal('SIGCONT');
        await fleet.fromAllUntil(other, () => fleet.sees(other, 1));
        expect(await fleet.haveOneLease()).toEqual([]);
        await holder.stage.adapter.start();
        await fleet.fromAll(holder);
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    test.each(over('coap'))(
      'the holder is killed before it could publish a beginning, and its devices go to the other: each beginning is told (%s)',
      async (protocol) => {
        const fleet = await play(protocol, { isHolderMute: true });
        const { holder, other } = fleet;
        await kill(holder);
        await fleet.fromAllUntil(other, () => fleet.sees(other, 1));
        expect(await fleet.haveOneLease()).toEqual([]);
        holder.toNetwork.restore();
        await holder.stage.adapter.start();
        await fleet.fromAll(holder);
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    test.each(
      protocols.flatMap((protocol) => (['network', 'both'] as const).map((cut) => [protocol, cut] as const)),
    )(
      'all adapters are cut off for longer than the interval: no device that is heard is reported as disconnected (%s, from: %s)',
      async (protocol, cut) => {
        const intervalMs = 20_000;
        const fleet = await play(protocol, { intervalMs });
        for (const { toNetwork, toEngine } of fleet.members) {
          toNetwork.silence();
          if (cut === 'both') toEngine.silence();
        }
        const until = performance.now() + 1.2 * intervalMs;
        while (performance.now() < until) {
          await fleet.fromAll(fleet.other);
          await fleet.fromAll(fleet.holder);
        }
        for (const way of fleet.members.flatMap(({ toNetwork, toEngine }) => [toNetwork, toEngine]))
          way.restore();
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    test.each(over('coap'))(
      'the holder has no network, and is killed after its devices said goodbye: the other tells that, and it sends the same (%s)',
      async (protocol) => {
        const fleet = await play(protocol);
        const { holder } = fleet;
        holder.toNetwork.silence();
        await fleet.goodbyeFromAll(holder);
        fleet.endDevices();
        await pause(deadAfterMs / 2);
        await kill(holder);
        const notGone = () =>
          [...fleet.connections()].flatMap(([device, all]) =>
            all.every(({ ended }) => ended === 'client-closed') ? [] : [`${device} did not leave`],
          );
        await eventuallyNone(notGone, patienceMs);
        holder.toNetwork.restore();
        await holder.stage.adapter.start();
        await pause(1_000);
        expect(notGone()).toEqual([]);
      },
    );

    test.each(over('coap'))(
      'the holder is killed at the moment when its devices say goodbye: each connection ends once (%s)',
      async (protocol) => {
        const fleet = await play(protocol, { intervalMs: 20_000 });
        const { holder } = fleet;
        void fleet.goodbyeFromAll(holder).catch(() => {});
        await pause(Math.random() * 100);
        await kill(holder);
        fleet.endDevices();
        await pause(2.5 * deadAfterMs);
        await holder.stage.adapter.start();
        await eventuallyNone(() => {
          const told = Object.entries(endings(fleet.record));
          const strange = told.filter(
            ([reason]) => !['client-closed', 'adapter-lost', 'inactive'].includes(reason),
          );
          const open = [...fleet.connections()].filter(
            ([device, all]) =>
              all.some(({ ended }) => ended === undefined) ||
              fleet.record.table.get(deviceRef('acme', device)).status === 'online',
          );
          return [...strange.map(String), ...open.map(([device]) => `${device} is online`)];
        }, patienceMs);
        expect([...fleet.connections().values()].every(({ length }) => length === 1)).toBe(true);
      },
    );
  },
);
