import { settled } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { createMemoryJournal } from '@rollcall/outbox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inWords, instanceOf } from '../testing/fleet-in-test.ts';
import {
  away,
  beginFleet,
  clock,
  deadAfterMs,
  endFleet,
  fleet,
  join,
  openIn,
  owed,
  undertaker,
} from '../testing/fleet-bed.ts';

function byText(a: readonly unknown[], b: readonly unknown[]): number {
  return a.join() < b.join() ? -1 : 1;
}

beforeEach(beginFleet);
afterEach(endFleet);

test('one that was declared dead ends its sockets, tells nothing of them, and goes on as another', async () => {
  const a = await join('a');
  const b = await join('b');
  const [moved, stayed] = [await a.begin({ remoteId: 'moved' }), await a.begin({ remoteId: 'stayed' })];
  await settled();
  const before = instanceOf(a);
  const thaw = fleet.freeze(before);
  await b.begin({ remoteId: 'moved' });
  await clock.advanceAsync(deadAfterMs + 1_000);
  expect(owed.map(({ event, reason }) => [event.remoteId, reason]).toSorted(byText)).toEqual([
    ['moved', 'taken-over'],
    ['stayed', 'adapter-lost'],
  ]);
  expect(owed.map(({ event }) => event)).toEqual(expect.arrayContaining([...a.sink.events]));
  thaw();
  await settled();
  expect([moved.ended, stayed.ended]).toEqual([['adapter-lost'], ['adapter-lost']]);
  expect(inWords(a.sink.events), 'nothing more of the dead').toEqual(['+moved', '+stayed']);
  expect(instanceOf(a)).not.toBe(before);
  expect(a.host.context.identity).toEqual(a.running.identity);
  expect(a.logged.some(({ level, message }) => level === 'warn' && message.includes('declared dead'))).toBe(
    true,
  );
  await a.begin({ remoteId: 'stayed' });
  await settled();
  expect(a.sink.events.at(-1)).toMatchObject({
    type: 'connected',
    adapter: { id: 'a', instance: instanceOf(a) },
    journal: { state: 'kept', follows: before },
  });
});

test('the next run of one that went on as another follows that other', async () => {
  const journal = createMemoryJournal();
  const a = await join('a', { journal });
  await a.begin({ remoteId: 'before' });
  await settled();
  const before = instanceOf(a);
  const thaw = fleet.freeze(before);
  await clock.advanceAsync(deadAfterMs + 1_000);
  thaw();
  await settled();
  const other = instanceOf(a);
  expect(other).not.toBe(before);
  await a.running.stop({ graceMs: 0 });
  const again = await join('a', { journal });
  await again.begin({ remoteId: 'after' });
  await settled();
  expect(again.sink.events.at(-1)).toMatchObject({ journal: { state: 'kept', follows: other } });
});

test('nothing is sent while it may have been declared dead, and everything once it is known that it was not', async () => {
  const a = await join('a');
  await a.begin({ remoteId: 'before' });
  await settled();
  const proveAlive = fleet.doubt(instanceOf(a));
  const { connection } = await a.begin({ remoteId: 'during' });
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  expect(inWords(a.sink.events)).toEqual(['+before']);
  proveAlive();
  await settled();
  expect(inWords(a.sink.events)).toEqual(['+before', '+during', '-during client-closed']);
});

test('an ending is withdrawn where its adapter learns that it was declared dead before it is sent', async () => {
  const a = await join('a');
  const { connection } = await a.begin({ remoteId: 'unit-1' });
  await settled();
  const answer = fleet.holdAnswers(instanceOf(a));
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  const learn = fleet.doubt(instanceOf(a));
  answer();
  await settled();
  fleet.engine.declareDead(a.running.identity, { aliveAt: clock.now(), unconfirmedSince: undefined });
  learn();
  await settled();
  expect(inWords(a.sink.events)).toEqual(['+unit-1']);
});

test('what ended in doubt, and what had still to be sent, is told by others where it was declared dead', async () => {
  let isAway = false;
  const journal = createMemoryJournal();
  const a = await join('a', { journal, answer: () => (isAway ? away : { status: 'delivered' }) });
  const ending = await a.begin({ remoteId: 'ends-in-doubt' });
  const left = await a.begin({ remoteId: 'left-before' });
  await settled();
  isAway = true;
  left.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await a.begin({ remoteId: 'unsent' });
  await clock.advanceAsync(1_000);
  const thaw = fleet.freeze(instanceOf(a));
  await clock.advanceAsync(deadAfterMs + 1_000);
  expect(new Set(owed.map(({ event, unconfirmed }) => [event.remoteId, unconfirmed].join()))).toEqual(
    new Set(['ends-in-doubt,true', 'left-before,true', 'unsent,true']),
  );
  const noted = owed.find(({ event }) => event.remoteId === 'left-before')?.ending;
  expect(noted).toMatchObject({ type: 'disconnected', reason: 'client-closed' });
  isAway = false;
  ending.connection.report({ type: 'end', change: { reason: 'connection-lost' } });
  thaw();
  await clock.advanceAsync(10_000);
  expect(inWords(a.sink.events)).toEqual(['+ends-in-doubt', '+left-before', '-left-before client-closed']);
  expect(a.sink.events.at(-1), 'as others told it').toEqual(noted);
  expect(await openIn(journal), 'the journal has nothing of it').toEqual([]);
});

test('one that was cut off and declared dead tells itself what the engine never knew', async () => {
  const a = await join('a');
  const known = await a.begin({ remoteId: 'known' });
  const restore = fleet.cutOff(instanceOf(a));
  const unknown = await a.begin({ remoteId: 'unknown' });
  await clock.advanceAsync(deadAfterMs + 1_000);
  expect(owed.map(({ event }) => event.remoteId)).toEqual(['known']);
  restore();
  await settled();
  expect([known.ended, unknown.ended]).toEqual([['adapter-lost'], ['adapter-lost']]);
  // What is open was announced meanwhile.
  expect([...new Set(inWords(a.sink.events))]).toEqual(['+known', '+unknown', '-unknown adapter-lost']);
  expect(a.sink.events.at(-1)).toMatchObject({ initiator: 'adapter', clean: false });
});

test('declared dead after an answer was lost: others tell what the engine has, and it tells the rest', async () => {
  const a = await join('a');
  const hear = fleet.deafen(instanceOf(a));
  const claimed = await a.begin({ remoteId: 'answer-lost' });
  await settled();
  const restore = fleet.cutOff(instanceOf(a));
  const never = await a.begin({ remoteId: 'never-claimed' });
  const left = await a.begin({ remoteId: 'left-in-doubt' });
  await settled();
  const thaw = fleet.freeze(instanceOf(a));
  await clock.advanceAsync(deadAfterMs * 2);
  expect(owed.map(({ event }) => event.remoteId)).toEqual(['answer-lost']);
  left.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  hear();
  restore();
  thaw();
  await clock.advanceAsync(1_000);
  expect([claimed, never, left].map(({ ended }) => ended)).toEqual([
    ['adapter-lost'],
    ['adapter-lost'],
    ['client-closed'],
  ]);
  expect(inWords(a.sink.events)).toEqual([
    '+answer-lost',
    '+never-claimed',
    '+left-in-doubt',
    '-left-in-doubt client-closed',
    '-never-claimed adapter-lost',
  ]);
  expect(owed).toHaveLength(1);
});

test('one that is cut off from the engine alone goes on publishing, and is not declared dead by who sees that', async () => {
  await undertaker.stop();
  const a = await join('a');
  const heardAt = new Map<string, number>();
  a.sink.answer = ({ event }) => {
    heardAt.set(event.adapter.instance, clock.monotonic());
    return { status: 'delivered' };
  };
  const doubter = await fleet.createUndertaker({
    clock,
    random: { next: () => 0, bytes: (length) => new Uint8Array(length) },
    log: silentLog,
    deadAfterMs,
    signal: {
      stateOf: async (instance, withinMs) =>
        clock.monotonic() - (heardAt.get(instance) ?? 0) < withinMs ? 'publishes' : 'silent',
    },
    tell(_dead, endings) {
      owed.push(...endings);
      return Promise.resolve([]);
    },
  });
  const { connection, ended } = await a.begin();
  const restore = fleet.cutOff(instanceOf(a));
  await clock.advanceAsync(deadAfterMs * 20);
  expect([owed, ended]).toEqual([[], []]);
  const announced = a.sink.attempts.filter(({ announcement }) => announcement);
  expect(announced.length, 'a few within the time').toBeLessThanOrEqual(20 * 4);
  restore();
  await clock.advanceAsync(deadAfterMs);
  const before = a.sink.attempts.length;
  await clock.advanceAsync(deadAfterMs * 2);
  expect(a.sink.attempts, 'and none in touch').toHaveLength(before);
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await settled();
  await doubter.stop();
});
