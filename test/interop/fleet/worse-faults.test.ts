import { setTimeout as pause } from 'node:timers/promises';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { distinct } from '../../faults/support/record.ts';
import { scale } from '../../faults/support/scale.ts';
import { kill, replicaThatHearsNoMore, type MemberOnStage } from './fleet-stage.ts';
import { endings } from './fleet-truth.ts';
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
  type Play,
} from './session-play.ts';

// As fleet-faults.test.ts: two faults at a time, and an engine that is there and does not do its work.

clearUpAfterEach();

function memberOf({ members }: Play, index: number): MemberOnStage {
  const member = members[index];
  if (!member) throw new Error(`there is no member ${index}`);
  return member;
}

/** Who was let in ended as one of these, and nobody twice. */
function allEnded(fleet: Play, count: number, reasons: readonly string[]): readonly string[] {
  const told = endings(fleet.record);
  const strange = Object.keys(told).filter((reason) => !reasons.includes(reason));
  const sum = Object.values(told).reduce((total, each) => total + each, 0);
  return [...strange, ...(sum === count ? [] : [`${sum} have ended, and ${count} should have`])];
}

/** What happens beside a network that is away. */
const besides = [
  'the engine is stopped',
  'the engine begins with nothing',
  'the engine is cut off at one adapter',
  'an adapter is stopped',
] as const;

/** @returns what ends it. */
async function breakBeside(fleet: Play, beside: (typeof besides)[number]): Promise<() => Promise<void>> {
  const { engine } = fleet;
  const { stage, toEngine } = memberOf(fleet, 0);
  switch (beside) {
    case 'the engine is stopped':
      engine.signal('SIGSTOP');
      return async () => engine.signal('SIGCONT');
    case 'the engine begins with nothing':
      await engine.kill();
      return () => engine.restartEmpty();
    case 'the engine is cut off at one adapter':
      toEngine.silence();
      return async () => toEngine.restore();
    case 'an adapter is stopped':
      stage.adapter.freeze();
      return async () => {
        await pause(2 * deadAfterMs);
        stage.adapter.thaw();
      };
    default:
      return beside satisfies never;
  }
}

describe.skipIf(!hasDebianPackage('redis-server'))(
  'worse faults of a fleet',
  { repeats: rounds - 1, timeout: 400_000 },
  () => {
    beforeAll(() => void figures.splice(0));
    afterAll(() => {
      if (process.env['ROLLCALL_FAULTS'] === 'soak') console.log(figures.join('\n'));
    });

    test.each(over('mqtt'))(
      'the adapter that reports the endings of a dead one is killed, too: another one reports each once (%s)',
      async (protocol) => {
        const fleet = await play({ protocol, members: 3, devices: many + few });
        await fleet.arrive(from(0, many), 2);
        await fleet.arrive(from(many, few), 1);
        await fleet.isTrue();
        await fleet.isKnown();
        await kill(memberOf(fleet, 2));
        await eventuallyNone(
          () => ((endings(fleet.record)['adapter-lost'] ?? 0) > 0 ? [] : ['none is told yet']),
          patienceMs,
        );
        await kill(memberOf(fleet, 1));
        const since = performance.now();
        expect(await fleet.isTrue({ 'adapter-lost': many + few })).toBe(true);
        fleet.took('all told, after the second kill', since, 2 * lostWithinMs(many + few));
        for (const index of [1, 2]) await memberOf(fleet, index).stage.adapter.start();
        await pause(1_000);
        expect(await fleet.isTrue({ 'adapter-lost': many + few })).toBe(true);
      },
    );

    test.each(over('amqp'))(
      'an adapter is killed, started again, and killed again before it has told all (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        const member = memberOf(fleet, 1);
        await fleet.arrive(from(0, many), 1);
        await fleet.isTrue();
        await fleet.isKnown();
        for (let time = 0; time < 2; time++) {
          await kill(member);
          await member.stage.adapter.start();
        }
        await kill(member);
        await fleet.ended('adapter-lost', many);
        await member.stage.adapter.start();
        await fleet.comeBack(1);
        expect(await fleet.isTrue({ 'adapter-lost': many })).toBe(true);
      },
    );

    test.each(over('mqtt'))(
      'an adapter is killed while the engine is stopped: each of its devices is reported as lost once (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, few), 1);
        await fleet.isTrue();
        await fleet.isKnown();
        fleet.engine.signal('SIGSTOP');
        await kill(memberOf(fleet, 1));
        await pause(scale({ quick: 3_000, soak: 10_000 }));
        fleet.engine.signal('SIGCONT');
        await fleet.ended('adapter-lost', few);
        await memberOf(fleet, 1).stage.adapter.start();
        expect(await fleet.isTrue({ 'adapter-lost': few })).toBe(true);
      },
    );

    test.each(over('amqp'))(
      'devices roam twenty times a second between three adapters, without waiting for an answer (%s)',
      async (protocol) => {
        const fleet = await play({ protocol, members: 3 });
        const all = from(0, 5);
        const visits: Promise<unknown>[] = [];
        const times = scale({ quick: 60, soak: 400 });
        for (let time = 0; time < times; time++) {
          visits.push(fleet.devices.connect(all, memberOf(fleet, time % 3).stage.port));
          await pause(50);
        }
        await Promise.all(visits);
        expect(await fleet.isTrue()).toBe(true);
        const unanswered = fleet.devices.visits.filter(({ answer }) => answer === undefined);
        expect(unanswered.length, 'closed without a word').toBe(0);
        expect(Object.keys(endings(fleet.record))).toEqual(['taken-over']);
      },
    );

    test.each(over('mqtt'))(
      'an adapter is killed at the moment when its devices leave: each connection ends once (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, many), 1);
        await fleet.isTrue();
        await fleet.isKnown();
        fleet.devices.leave();
        await pause(Math.random() * 50);
        await kill(memberOf(fleet, 1));
        // What it had told, or noted as told, before it was killed, the others do not tell.
        await pause(2.5 * deadAfterMs);
        const reasons = ['client-closed', 'adapter-lost'];
        await eventuallyNone(() => allEnded(fleet, many, reasons), patienceMs);
        const before = endings(fleet.record);
        await memberOf(fleet, 1).stage.adapter.start();
        await pause(1_000);
        expect(await fleet.isTrue(before)).toBe(true);
        fleet.figure(JSON.stringify(before));
        const after = distinct(fleet.record.events).filter(
          (event) => event.type === 'disconnected' && event.lastSeen > event.at,
        );
        expect(after).toEqual([]);
      },
    );

    test.each(over('mqtt'))(
      'an adapter without a network is killed after its devices left: the others tell what it could not send, and it sends the same (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, few), 1);
        await fleet.isTrue();
        await fleet.isKnown();
        const { toNetwork, stage } = memberOf(fleet, 1);
        toNetwork.silence();
        fleet.devices.leave();
        await eventuallyNone(async () => {
          const waiting = await stage.metric('rollcall_outbox_events');
          return waiting === few ? [] : [`${waiting} endings wait`];
        }, patienceMs);
        await pause(deadAfterMs / 2);
        await kill(memberOf(fleet, 1));
        expect(await fleet.isTrue({ 'client-closed': few })).toBe(true);
        toNetwork.restore();
        await stage.adapter.start();
        await pause(1_000);
        expect(await fleet.isTrue({ 'client-closed': few })).toBe(true);
      },
    );

    test.each(over('amqp'))(
      'the engine is full for longer than the limit: no device is reported as lost, and the events are right afterwards (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, few), 0);
        await fleet.isTrue();
        await fleet.engine.command('CONFIG', 'SET', 'maxmemory', '1');
        await fleet.arrive(from(0, few), 1);
        await pause(2 * deadAfterMs);
        await fleet.arrive(from(few, 10), 0);
        await fleet.engine.command('CONFIG', 'SET', 'maxmemory', '0');
        expect(await fleet.isTrue({ 'taken-over': few })).toBe(true);
      },
    );

    test.each(over('mqtt'))(
      'the engine forgets everything, and its connections are cut, again and again while devices roam (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, few), 0);
        for (let time = 0; time < 3; time++) {
          await fleet.engine.command('FLUSHALL');
          await fleet.arrive(from(0, few), 1);
          await fleet.engine.command('CLIENT', 'KILL', 'TYPE', 'normal');
          await fleet.engine.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
          await fleet.arrive(from(0, few), 0);
        }
        expect(await fleet.isTrue({ 'taken-over': 6 * few })).toBe(true);
      },
    );

    test.each(over('amqp'))(
      'the engine fails over to a replica that lacks the last second: the truth comes back (%s)',
      async (protocol) => {
        const fleet = await play({ protocol });
        await fleet.arrive(from(0, few), 0);
        await fleet.isTrue();
        const failOver = await replicaThatHearsNoMore(fleet);
        // The primary answers all of this, and the replica never hears of it.
        await fleet.arrive(from(0, few / 2), 1);
        await fleet.arrive(from(few, 10), 0);
        await failOver();
        const since = performance.now();
        expect(await fleet.isTrue({ 'taken-over': few / 2 })).toBe(true);
        fleet.took('true, after the failover', since, restoredWithinMs);
        await fleet.isKnown();
        await fleet.arrive(from(0, few), 0);
        await fleet.arrive(from(few, 10), 1);
        expect(await fleet.isTrue({ 'taken-over': (3 * few) / 2 + 10 })).toBe(true);
      },
    );

    test.each(over('amqp').flatMap((protocol) => besides.map((beside) => [protocol, beside] as const)))(
      'the network is away while devices roam: nothing is lost (%s, and meanwhile %s)',
      async (protocol, beside) => {
        // Nobody else is declared dead, however long devices take to move on a busy machine.
        const limitMs = beside === 'an adapter is stopped' ? deadAfterMs : 12 * deadAfterMs;
        const fleet = await play({ protocol, deadAfterMs: limitMs });
        await fleet.arrive(from(0, few), 0);
        await fleet.isTrue();
        await fleet.isKnown();
        await fleet.network.end('SIGKILL');
        const mend = await breakBeside(fleet, beside);
        await fleet.arrive(from(0, few / 2), 1);
        await fleet.arrive(from(few, 10), 1);
        await pause(scale({ quick: 2_000, soak: 8_000 }));
        await mend();
        await fleet.network.start();
        if (beside === 'an adapter is stopped') {
          // Who moves after it was declared dead was reported as lost before.
          await eventuallyNone(() => allEnded(fleet, few, ['taken-over', 'adapter-lost']), patienceMs);
          await eventuallyNone(
            () => (fleet.devices.lost().length === few / 2 ? [] : ['sockets are open']),
            patienceMs,
          );
          await fleet.comeBack(0);
          expect(await fleet.isTrue()).toBe(true);
          expect(allEnded(fleet, few, ['taken-over', 'adapter-lost'])).toEqual([]);
        } else expect(await fleet.isTrue({ 'taken-over': few / 2 })).toBe(true);
      },
    );

    test.each(
      over('mqtt').flatMap((protocol) => (['back', 'forth'] as const).map((way) => [protocol, way] as const)),
    )(
      'between an adapter and the engine one direction alone is cut for a moment (%s, %s)',
      async (protocol, way) => {
        const fleet = await play({ protocol, deadAfterMs: 12 * deadAfterMs });
        await fleet.arrive(from(0, few), 0);
        await fleet.isTrue();
        const { toEngine } = memberOf(fleet, 0);
        toEngine.silence(way);
        await fleet.arrive(from(0, few / 2), 1);
        await fleet.arrive(from(few, 10), 0);
        await pause(deadAfterMs / 2);
        toEngine.restore();
        expect(await fleet.isTrue({ 'taken-over': few / 2 })).toBe(true);
      },
    );
  },
);
