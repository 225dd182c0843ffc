import { anEvent, ManualClock, settled } from '@rollcall/conformance';
import { silentLog, type ConnectionId } from '@rollcall/core';
import type { ConnectionDirectory } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import type { Engine, EngineListener } from './engine/engine.ts';
import { joinFleet } from './redis-directory.ts';
import { claimSlot } from './scripts/claim-slot.ts';
import { releaseSlot } from './scripts/release-slot.ts';
import { renewLease } from './scripts/renew-lease.ts';
import { keyNames } from './wire/key-names.ts';

/** So many answers in a row that did not come in time, and nobody waits for more. */
const missesInARow = 20;

/** An engine in memory that can be held up: nothing is lost then, and its answers come late. */
function givenAnEngine() {
  const owed = new Map<string, Set<string>>();
  const claimed: string[] = [];
  const held: (() => void)[] = [];
  let isHeld = false;
  let listener: EngineListener | undefined;
  const answered = <Value>(value: Value): Promise<Value> =>
    isHeld ? new Promise((resolve) => held.push(() => resolve(value))) : Promise.resolve(value);
  const owedAt = (key: string): Set<string> => owed.get(key) ?? new Set();
  const engine: Engine = {
    run({ name }, keys, args) {
      const [, key = ''] = keys;
      if (name === renewLease.name) return answered([1, 0, '', 'fleet', 1]);
      if (name === releaseSlot.name) return answered(Number(owedAt(key).delete(args[2] ?? '')));
      if (name !== claimSlot.name) return answered(1);
      const connection = args[3] ?? '';
      claimed.push(connection);
      owed.set(key, owedAt(key).add(connection));
      return answered([1, args[1], '', '']);
    },
    read: (command, key) => answered(command === 'HLEN' ? owedAt(key).size : [...owedAt(key)]),
    publish: () => answered(0),
    info: () => answered(new Map()),
    listenTo() {},
    close() {},
  };
  return {
    claimed,
    open(told: EngineListener): Engine {
      listener = told;
      queueMicrotask(() => told.commandsReady());
      return engine;
    },
    hold: () => void (isHeld = true),
    goOn(): void {
      isHeld = false;
      for (const answer of held.splice(0)) answer();
    },
    cut(): void {
      listener?.commandsLost(new Error('cut'));
      listener?.commandsReady();
    },
  };
}

async function givenADirectory() {
  const engine = givenAnEngine();
  const clock = new ManualClock();
  const directory = await joinFleet(
    { keys: keyNames('test:'), openEngine: (listener) => engine.open(listener) },
    {
      self: { type: 'hono-mqtt', id: 'gate', instance: '0198c0de-0000-7000-8000-000000000001' },
      listener: {
        displaced() {},
        buried: () => 'another',
        aliveAgain() {},
        epochSeen() {},
        announceAsked() {},
        leases: { heardElsewhere() {}, movedAway() {}, endedElsewhere() {} },
      },
      facts: { epoch: () => anEvent('now').epoch, unconfirmedSince: () => undefined },
      deadAfterMs: 10_000,
      clock,
      // What is told again now and then is not what this is about: it is told in a bucket that has nothing.
      random: { next: () => 0.999, bytes: (length) => new Uint8Array(length) },
      log: silentLog,
    },
  );
  // At the first contact what is entered is compared.
  await clock.advanceAsync(1_000);
  let connections = 0;
  return {
    engine,
    clock,
    directory,
    enter(count: number): readonly ReturnType<ConnectionDirectory['enter']>[] {
      return Array.from({ length: count }, () => {
        connections += 1;
        const connectionId =
          `0198c0de-0000-7000-8000-${String(connections).padStart(12, '0')}` as ConnectionId;
        const device = { ...anEvent('a').device, device: `device-${connections}` } as never;
        const event = anEvent(`event-${connections}`, { connectionId, device });
        return directory.enter({ event, slot: `slot-${connections}` });
      });
    },
  };
}

test('an engine that only answered late is told again nothing of what it was told, and first what it was not asked', async () => {
  const { engine, clock, directory, enter } = await givenADirectory();
  await Promise.all(enter(300));
  engine.hold();
  const late = enter(missesInARow);
  await clock.advanceAsync(60);
  expect(new Set(await Promise.all(late))).toEqual(new Set(['unknown']));
  expect(directory.status).toBe('away');
  expect(await Promise.all(enter(5))).toEqual(Array.from({ length: 5 }, () => 'unknown'));
  const before = engine.claimed.length;
  engine.goOn();
  await clock.advanceAsync(3_000);
  expect(directory.status).toBe('in-touch');
  expect(engine.claimed.length - before).toBe(5);
  await directory.close();
});

test('an engine whose connection was lost is told everything again', async () => {
  const { engine, clock, directory, enter } = await givenADirectory();
  await Promise.all(enter(300));
  const before = engine.claimed.length;
  engine.cut();
  await settled();
  await clock.advanceAsync(5_000);
  expect(directory.status).toBe('in-touch');
  expect(new Set(engine.claimed.slice(before)).size).toBe(300);
  await directory.close();
});
