import type { AdapterObserver, ObservedState } from '@rollcall/adapter-kit';
import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { ConnectionEvent, DisconnectedEvent } from '@rollcall/core/events';
import { createMemoryJournal } from '@rollcall/outbox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inWords, instanceOf } from '../testing/fleet-in-test.ts';
import type { TestSetting } from '../testing/start-for-test.ts';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';

const away = { status: 'retryable', cause: new Error('away') } as const;
const deadAfterMs = 10_000;

let clock: ManualClock;
let fleet: MemoryFleet;
let members: ScriptedInTest[];

beforeEach(() => {
  clock = new ManualClock();
  fleet = new MemoryFleet(clock);
  members = [];
});

afterEach(async () => {
  await Promise.all(members.map(stop));
});

async function join(adapterId: string, setting: TestSetting = {}): Promise<ScriptedInTest> {
  const member = await startScripted({
    clock,
    directory: fleet.create,
    undertaker: fleet.createUndertaker,
    seed: members.length + 1,
    ...setting,
    settings: { adapterId, ...setting.settings },
  });
  members.push(member);
  return member;
}

/** Time passes meanwhile. */
async function stop(member: ScriptedInTest): Promise<void> {
  const stopped = member.running.stop({ graceMs: 0 });
  await clock.advanceAsync(1);
  await stopped;
}

/** As `kill -9`: its undertaker is gone with it. */
async function kill(member: ScriptedInTest): Promise<void> {
  fleet.kill(instanceOf(member));
  // Nothing of it reaches anybody any more.
  member.sink.answer = () => away;
  members.splice(members.indexOf(member), 1);
  await settled();
}

const endingsIn = (events: readonly ConnectionEvent[]): readonly DisconnectedEvent[] =>
  events.filter((event) => event.type === 'disconnected');

test('an adapter that is killed and not started again: another one tells each of its endings, once', async () => {
  let countsOf: ObservedState['directory']['counts'] = () => ({});
  const observer: Partial<AdapterObserver> = {
    watch(part, state) {
      if (part === 'directory') countsOf = (state as ObservedState['directory']).counts;
    },
  };
  const [a, b] = [await join('a'), await join('b', { observers: [observer] })];
  for (let index = 0; index < 250; index++) await a.begin({ remoteId: `unit-${index}` });
  await b.begin({ remoteId: 'unit-7' });
  await settled();
  const dead = a.running.identity;
  const connected = new Map(a.sink.events.map((event) => [event.connectionId, event]));
  await kill(a);
  await clock.advanceAsync(deadAfterMs * 3);
  const told = endingsIn(b.sink.events);
  // The one that moved was told by its holder before that died.
  expect(new Set(told.map(({ connectionId }) => connectionId)).size).toBe(249);
  expect(told).toHaveLength(249);
  for (const ending of told) {
    const { at, lastSeen, uncertaintyMs, connectionId } = ending;
    expect(ending).toMatchObject({
      reason: 'adapter-lost',
      initiator: 'adapter',
      clean: false,
      adapter: dead,
    });
    expect(ending.endedEpoch, 'the clock of the dead did not see it').toBeUndefined();
    expect(ending.epoch).toBe(connected.get(connectionId)?.epoch);
    expect(at - lastSeen).toBe(uncertaintyMs);
    expect(lastSeen).toBeGreaterThanOrEqual(ending.connectedAt);
  }
  expect(fleet.engine.entries.get(dead.instance)?.size ?? 0).toBe(0);
  expect(countsOf()).toMatchObject({ endings_told: 249, displaced: 0, buried: 0 });
});

test('one whose device is elsewhere by now is told as taken over', async () => {
  const [a, b] = [await join('a'), await join('b')];
  await a.begin();
  await settled();
  fleet.freeze(instanceOf(a));
  await b.begin();
  await kill(a);
  await clock.advanceAsync(deadAfterMs * 2);
  expect(inWords(b.sink.events)).toEqual(['+unit-1', '-unit-1 taken-over']);
});

test('two that tell the same ending tell it with one id and one body', async () => {
  const [a, b, c] = [await join('a'), await join('b'), await join('c')];
  await a.begin();
  await settled();
  await kill(a);
  // Each gets as far as its sink, and is not confirmed.
  for (const { sink } of [b, c]) sink.answer = () => away;
  await clock.advanceAsync(deadAfterMs + 5_000);
  const tried = [b, c].map(({ sink }) => sink.attempts.map(({ event }) => event)[0]);
  expect(tried[0]).toMatchObject({ type: 'disconnected', reason: 'adapter-lost' });
  expect(tried[1]).toEqual(tried[0]);
  expect(tried[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a beginning that the dead one could not send goes first, as it was', async () => {
  let isAway = false;
  const a = await join('a', { answer: () => (isAway ? away : { status: 'delivered' }) });
  const b = await join('b');
  isAway = true;
  await a.begin();
  await clock.advanceAsync(1_000);
  const [unsent] = a.sink.attempts.map(({ event }) => event);
  await kill(a);
  await clock.advanceAsync(deadAfterMs * 2);
  expect(inWords(b.sink.events)).toEqual(['+unit-1', '-unit-1 adapter-lost']);
  expect(b.sink.events[0]).toEqual(unsent);
});

test('an ending is owed until a sink confirms it, and survives the one who was to tell it', async () => {
  const [a, b, c] = [await join('a'), await join('b'), await join('c')];
  await a.begin();
  await settled();
  const before = instanceOf(a);
  await kill(a);
  for (const { sink } of [b, c]) sink.answer = () => away;
  await clock.advanceAsync(deadAfterMs * 2);
  const owed = (): number => fleet.engine.entries.get(before)?.size ?? 0;
  expect(owed(), 'nobody could tell it').toBe(1);
  await kill(b);
  c.sink.answer = () => ({ status: 'delivered' });
  await clock.advanceAsync(deadAfterMs * 2);
  expect(inWords(c.sink.events)).toEqual(['-unit-1 adapter-lost']);
  expect(owed()).toBe(0);
});

test('a network that is away for long: what is on its way is not begun again', async () => {
  const [a, b] = [await join('a'), await join('b')];
  for (let index = 0; index < 20; index++) await a.begin({ remoteId: `unit-${index}` });
  await settled();
  await kill(a);
  b.sink.answer = () => away;
  await clock.advanceAsync(deadAfterMs * 30);
  b.sink.answer = () => ({ status: 'delivered' });
  await clock.advanceAsync(deadAfterMs);
  expect(endingsIn(b.sink.events)).toHaveLength(20);
});

test.each([1_000, deadAfterMs + 5_000])(
  'one that starts again %i ms after it was killed does not tell what others told',
  async (afterMs) => {
    const journal = createMemoryJournal();
    const a = await join('a', { journal });
    const b = await join('b');
    await a.begin();
    await settled();
    await kill(a);
    await clock.advanceAsync(afterMs);
    const again = await join('a', { journal });
    await clock.advanceAsync(deadAfterMs * 3);
    const all = [...again.sink.events, ...endingsIn(b.sink.events)];
    expect(inWords(all)).toEqual(['-unit-1 adapter-lost']);
  },
);

test('one that stood still for too long, alone in its fleet, tells the endings of its earlier incarnation', async () => {
  const a = await join('a');
  const b = await join('b');
  await a.begin();
  await settled();
  const thaw = fleet.freeze(instanceOf(a));
  b.sink.answer = () => away;
  await clock.advanceAsync(deadAfterMs + 1_000);
  await kill(b);
  thaw();
  await clock.advanceAsync(deadAfterMs * 3);
  expect(inWords(a.sink.events)).toEqual(['+unit-1', '-unit-1 adapter-lost']);
});

test('a stop does not wait for what is owed: it goes on its way, and the fleet owes it still', async () => {
  const [a, b] = [await join('a'), await join('b')];
  const before = instanceOf(a);
  for (let index = 0; index < 250; index++) await a.begin({ remoteId: `unit-${index}` });
  await settled();
  await kill(a);
  b.sink.answer = () => away;
  await clock.advanceAsync(deadAfterMs * 2);
  await stop(b);
  expect(fleet.engine.entries.get(before)?.size).toBe(250);
  members.splice(members.indexOf(b), 1);
});

test('the epochs of an adapter do not follow the wrong clock of one whose endings it tells', async () => {
  const wrong = new ManualClock('2050-01-01T00:00:00.000Z');
  const journal = createMemoryJournal();
  const a = await join('a', { clock: wrong });
  await join('b', { journal });
  await a.begin();
  await settled();
  const [ahead] = a.sink.events;
  await kill(a);
  await clock.advanceAsync(deadAfterMs * 2);
  const { highWater } = await journal.recover();
  expect((highWater ?? '') < (ahead?.epoch ?? '')).toBe(true);
});
