import { setTimeout as pause } from 'node:timers/promises';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { scale } from '../../faults/support/scale.ts';
import { kill } from './fleet-stage.ts';
import { endings, untruths } from './fleet-truth.ts';
import {
  deadAfterMs,
  few,
  figures,
  from,
  lostWithinMs,
  many,
  over,
  patienceMs,
  play,
  restoredWithinMs,
  rounds,
} from './session-play.ts';

// The table of faults of a fleet, one test a row: real adapters, a real redis-server, devices on bare sockets, and what a consumer
// makes of it. `ROLLCALL_FAULTS=soak` makes them as large and as long as the table says, ROLLCALL_FLEET_ROUNDS times each.

clearUpAfterEach();

describe.skipIf(!hasDebianPackage('redis-server'))(
  'faults of a fleet',
  { repeats: rounds - 1, timeout: 400_000 },
  () => {
    beforeAll(() => void figures.splice(0));
    afterAll(() => {
      if (process.env['ROLLCALL_FAULTS'] === 'soak') console.log(figures.join('\n'));
    });

    test.each(['mqtt', 'amqp'] as const)(
      'devices that roam, and leave half-open sockets behind, have one connection each (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        const all = from(0, few);
        for (const member of [0, 1, 0, 1]) await fleet.arrive(all, member);
        const since = performance.now();
        expect(await fleet.isTrue({ 'taken-over': 3 * few })).toBe(true);
        fleet.took('one connection each, after the last connect', since, 2_000);
        fleet.devices.leave();
        expect(await fleet.isTrue({ 'taken-over': 3 * few, 'client-closed': few })).toBe(true);
      },
    );

    const restarts = scale({ quick: ['never'], soak: ['never', '1 s', '60 s'] as const });
    test.each(over('mqtt').flatMap((protocol) => restarts.map((restart) => [protocol, restart] as const)))(
      'one of three is killed: each of its devices is reported as lost once (%s, started again: %s)',
      async (protocol, restart) => {
        const fleet = await play({ protocol, members: 3 });
        const [, , dead] = fleet.members;
        if (!dead) throw new Error('no third member');
        await fleet.arrive(from(0, many), 2);
        await eventuallyNone(() => untruths(fleet.record, fleet.devices), patienceMs);
        // Some moved before, and one connects in the very moment.
        await fleet.arrive(from(0, 10), 0);
        await fleet.isTrue();
        await fleet.isKnown();
        const since = performance.now();
        await kill(dead);
        if (restart === '1 s') await pause(1_000).then(() => dead.stage.adapter.start());
        await fleet.ended('adapter-lost', many - 10);
        fleet.took(`${many - 10} reported as lost`, since, lostWithinMs(many));
        await fleet.isTrue();
        if (restart === '60 s') await pause(60_000);
        if (restart !== '1 s') await dead.stage.adapter.start();
        await fleet.comeBack(2);
        expect(await fleet.isTrue({ 'taken-over': 10, 'adapter-lost': many - 10 })).toBe(true);
      },
    );

    test.each(over('mqtt'))(
      'one is killed before the engine knew its devices, and declared dead: it tells those when it starts again (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        const [, dead] = fleet.members;
        if (!dead) throw new Error('no second member');
        await fleet.arrive(from(0, few), 1);
        await fleet.isTrue();
        await fleet.isKnown();
        dead.toEngine.silence();
        await fleet.arrive(from(few, 20), 1);
        await eventuallyNone(() => untruths(fleet.record, fleet.devices), patienceMs);
        await kill(dead);
        await fleet.ended('adapter-lost', few);
        dead.toEngine.restore();
        await dead.stage.adapter.start();
        expect(await fleet.isTrue({ 'adapter-lost': few + 20 })).toBe(true);
      },
    );

    const standstills = scale({ quick: [0.5, 2] as const, soak: [0.5, 2, 6] as const });
    test.each(over('amqp').flatMap((protocol) => standstills.map((share) => [protocol, share] as const)))(
      'an adapter is stopped, and half of its devices move: the others are reported as lost only if the adapter was declared dead (%s, %d times the limit)',
      async (protocol, share) => {
        // One that is not to be declared dead has time, however long devices take to move on a busy machine.
        const limitMs = share > 1 ? deadAfterMs : 4 * deadAfterMs;
        const fleet = await play({ protocol, deadAfterMs: limitMs });
        const [still] = fleet.members;
        if (!still) throw new Error('no member');
        await fleet.arrive(from(0, many), 0);
        await fleet.isTrue();
        await fleet.isKnown();
        still.stage.adapter.freeze();
        const since = performance.now();
        await fleet.arrive(from(0, many / 2), 1);
        // It gave its last sign of life up to two seconds before.
        const movedInTime = performance.now() - since < limitMs / 2;
        if (share > 1 && movedInTime) await fleet.ended('adapter-lost', many / 2);
        await pause(Math.max(0, share * limitMs - (performance.now() - since)));
        still.stage.adapter.thaw();
        if (share > 1) {
          await eventuallyNone(
            () => (fleet.devices.lost().length === many / 2 ? [] : ['sockets are open']),
            patienceMs,
          );
          await fleet.comeBack(0);
        }
        if (movedInTime) {
          const lost = share > 1 ? { 'adapter-lost': many / 2 } : {};
          expect(await fleet.isTrue({ 'taken-over': many / 2, ...lost })).toBe(true);
          return;
        }
        // Those that moved after it was declared dead were reported as lost before.
        expect(await fleet.isTrue()).toBe(true);
        const told = endings(fleet.record);
        expect(
          Object.keys(told).filter((reason) => !['taken-over', 'adapter-lost'].includes(reason)),
        ).toEqual([]);
        expect((told['taken-over'] ?? 0) + (told['adapter-lost'] ?? 0)).toBe(many);
      },
    );

    test.each(over('amqp'))(
      'the engine is stopped: no device is refused, and the events are right afterwards (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, few), 0);
        fleet.engine.signal('SIGSTOP');
        const since = performance.now();
        await fleet.arrive(from(0, few), 1);
        await fleet.arrive(from(few, few), 1);
        await pause(Math.max(0, scale({ quick: 3_000, soak: 10_000 }) - (performance.now() - since)));
        fleet.engine.signal('SIGCONT');
        const goesOn = performance.now();
        expect(await fleet.isTrue({ 'taken-over': few })).toBe(true);
        fleet.took('true, after the engine went on', goesOn, restoredWithinMs);
      },
    );

    test.each(over('mqtt'))(
      'the engine is killed, and begins with nothing: the truth comes back (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, few), 0);
        await fleet.isTrue();
        await fleet.engine.kill();
        await fleet.arrive(from(0, few), 1);
        await fleet.engine.restartEmpty();
        const goesOn = performance.now();
        expect(await fleet.isTrue({ 'taken-over': few })).toBe(true);
        fleet.took('true, after the engine was back', goesOn, restoredWithinMs);
        // It knows them again, and a device that roams finds out.
        await fleet.arrive(from(0, few), 0);
        expect(await fleet.isTrue({ 'taken-over': 2 * few })).toBe(true);
      },
    );

    const cuts = ['engine', 'network', 'both'] as const;
    test.each(over('mqtt').flatMap((protocol) => cuts.map((cut) => [protocol, cut] as const)))(
      'an adapter is cut off for a moment, and no device that is heard is reported as lost (%s, from: %s)',
      async (protocol, cut) => {
        // Nobody is declared dead, however long devices take to move on a busy machine.
        const fleet = await play({ protocol, deadAfterMs: 12 * deadAfterMs });
        const [off] = fleet.members;
        if (!off) throw new Error('no member');
        await fleet.arrive(from(0, few), 0);
        await fleet.isTrue();
        const ways = {
          engine: [off.toEngine],
          network: [off.toNetwork],
          both: [off.toEngine, off.toNetwork],
        }[cut];
        for (const way of ways) way.silence();
        await fleet.arrive(from(0, few / 2), 1);
        await fleet.arrive(from(few, 10), 0);
        await pause(deadAfterMs / 4);
        for (const way of ways) way.restore();
        expect(await fleet.isTrue({ 'taken-over': few / 2 })).toBe(true);
      },
    );

    test.each(
      over('amqp').flatMap((protocol) =>
        (['engine', 'both'] as const).map((cut) => [protocol, cut] as const),
      ),
    )(
      'an adapter is cut off for so long that it is declared dead: it learns that, and its devices come back (%s, from: %s)',
      async (protocol, cut) => {
        const fleet = await play({ protocol });
        const [off] = fleet.members;
        if (!off) throw new Error('no member');
        await fleet.arrive(from(0, few), 0);
        await fleet.isTrue();
        await fleet.isKnown();
        off.toEngine.silence();
        if (cut === 'both') off.toNetwork.silence();
        await fleet.ended('adapter-lost', few);
        // The engine never hears of these.
        await fleet.arrive(from(few, 10), 0);
        off.toEngine.restore();
        off.toNetwork.restore();
        await eventuallyNone(
          () => (fleet.devices.open().length === 0 ? [] : ['sockets are open']),
          patienceMs,
        );
        await fleet.isTrue();
        await fleet.comeBack(0);
        expect(await fleet.isTrue({ 'adapter-lost': few + 10 })).toBe(true);
      },
    );

    const offsets = scale({ quick: [300_000], soak: [3_000, 300_000] as const });
    test.each(over('mqtt').flatMap((protocol) => offsets.map((offset) => [protocol, offset] as const)))(
      'the newer connect wins, whichever clock is ahead (%s, by %d ms)',
      async (protocol, offset) => {
        const fleet = await play({ protocol, clockOffsetsMs: [offset, 0] });
        for (const member of [0, 1, 0]) await fleet.arrive(from(0, few), member);
        expect(await fleet.isTrue({ 'taken-over': 2 * few })).toBe(true);
        // By then the other's epochs follow: on a busy machine, a claim may come so late that it is compared.
        await pause(scale({ quick: 2, soak: 1.5 }) * deadAfterMs);
        await fleet.arrive(from(0, few), 1);
        expect(await fleet.isTrue({ 'taken-over': 3 * few })).toBe(true);
        expect(new Set(fleet.devices.open().map(({ port }) => port))).toEqual(
          new Set([fleet.members[1]?.stage.port]),
        );
        fleet.devices.leave();
        await fleet.isTrue();
      },
    );

    test.each(over('amqp'))(
      'the network is away while devices roam and an adapter is killed: nothing is lost (%s)',
      async (protocol) => {
        const fleet = await play({ protocol, members: 3 });
        await fleet.arrive(from(0, few), 2);
        await fleet.isTrue();
        const [, , dead] = fleet.members;
        if (!dead) throw new Error('no third member');
        await fleet.network.end('SIGKILL');
        await fleet.arrive(from(few, 20), 2);
        await fleet.arrive(from(0, few / 2), 0);
        await fleet.arrive(from(0, few / 2), 1);
        await fleet.isKnown();
        await kill(dead);
        await pause(deadAfterMs * 1.5);
        await fleet.network.start();
        await fleet.ended('adapter-lost', few / 2 + 20);
        // Who moved away from it meanwhile had ended there before: that is in its journal alone.
        await dead.stage.adapter.start();
        expect(await fleet.isTrue({ 'taken-over': few, 'adapter-lost': few / 2 + 20 })).toBe(true);
      },
    );
  },
);
