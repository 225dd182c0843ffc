import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { Delivery } from '@rollcall/core/sink';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';
import type { TestSetting } from '../testing/start-for-test.ts';
import { createFileJournal, openSqliteStore, type SqliteStore } from '@rollcall/outbox/testing';

const away: Delivery = { status: 'retryable', cause: new Error('away') };
const refused: Delivery = { status: 'refused', cause: new Error('no such address') };

let directory: string;
let clock: ManualClock;
let store: SqliteStore | undefined;
const running: ScriptedInTest[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-recovery-'));
  clock = new ManualClock();
});
afterEach(async () => {
  for (const adapter of running.splice(0)) await adapter.running.stop({ graceMs: 0 });
  rmSync(directory, { recursive: true });
});

/** Starts an adapter on the journal in `directory`. */
async function started(answer?: () => Delivery, setting: TestSetting = {}): Promise<ScriptedInTest> {
  let opened: SqliteStore | undefined;
  const adapter = await startScripted({
    clock,
    journal: createFileJournal({
      clock,
      log: silentLog,
      behindAfterMs: 50,
      store: {
        async open() {
          const file = join(directory, 'test.journal');
          opened = store = openSqliteStore({ file, durability: 'process', maxBytes: 10_000_000 });
          return store.summary();
        },
        read: async (what, which) => opened?.[what](which as never) as never,
        async apply(batch) {
          // One that was killed writes no more.
          if (opened === store) opened?.apply(batch);
        },
        async close() {
          if (opened === store) opened?.close();
        },
      },
    }),
    ...setting,
    ...(answer && { answer }),
  });
  running.push(adapter);
  return adapter;
}

/** As `kill -9` at this moment, once the journal has what was committed. */
async function kill(adapter: ScriptedInTest): Promise<void> {
  await clock.advanceAsync(50);
  running.splice(running.indexOf(adapter), 1);
  store?.close();
  store = undefined;
}

const inWords = (events: readonly ConnectionEvent[]): string[] =>
  events.map((event) =>
    event.type === 'connected' ? `+${event.remoteId}` : `-${event.remoteId} ${event.reason}`,
  );

test('sessions of a run that was killed end as lost, once each, with honest bounds', async () => {
  const first = await started();
  await first.begin({ remoteId: 'silent' });
  const { connection } = await first.begin({ remoteId: 'busy' });
  await clock.advanceAsync(60_000);
  connection.report({ type: 'heard' });
  await clock.advanceAsync(6_000);
  await kill(first);
  await clock.advanceAsync(30_000);

  const second = await started();
  const lost = await second.events(2);
  expect(lost).toMatchObject([
    {
      type: 'disconnected',
      connectionId: first.sink.events[0]?.connectionId,
      epoch: first.sink.events[0]?.epoch,
      adapter: { instance: first.running.identity.instance },
      reason: 'adapter-lost',
      initiator: 'adapter',
      clean: false,
      at: clock.now(),
      // Never heard after it connected.
      lastSeen: first.sink.events[0]?.at,
      uncertaintyMs: 96_050,
    },
    { remoteId: 'busy', reason: 'adapter-lost', uncertaintyMs: 36_050 },
  ]);
  await kill(second);
  const third = await started();
  await settled();
  expect(third.sink.events).toEqual([]);
});

test('a wall clock that was set back in between makes no uncertainty negative, and no epoch older', async () => {
  const first = await started();
  await first.begin();
  await kill(first);
  clock.stepWall(-3_600_000);
  const second = await started();
  await second.begin();
  const [lost, next] = await second.events(2);
  expect(lost).toMatchObject({
    reason: 'adapter-lost',
    uncertaintyMs: 0,
    at: lost?.type === 'disconnected' && lost.lastSeen,
  });
  expect((next?.epoch ?? '') > (lost?.epoch ?? 'z')).toBe(true);
});

test.each([1, 2, 3, 4, 5])(
  'a wall clock that steps back an hour and forward a day, and runs that are killed: epochs grow, jumps are capped, no time is impossible (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const events: ConnectionEvent[] = [];
    let adapter = await started();
    let ahead = 0;
    for (let step = 0; step < 60; step++) {
      const { connection } = await adapter.begin({ remoteId: `c${step}` });
      clock.advance(random.pick(90_000));
      if (random.pick(3) === 0) connection.report({ type: 'heard' });
      if (random.pick(4) === 0) clock.stepWall(-3_600_000);
      if (random.pick(8) === 0) {
        clock.stepWall(86_400_000);
        ahead += 86_400_000;
      }
      clock.advance(random.pick(20_000));
      if (random.pick(3) > 0) connection.report({ type: 'end', change: { reason: 'connection-lost' } });
      await settled();
      if (random.pick(10) > 0) continue;
      await kill(adapter);
      events.push(...adapter.sink.events);
      adapter = await started();
    }
    await adapter.running.stop({ graceMs: 1_000 });
    events.push(...adapter.sink.events);

    const connected = events.filter(({ type }) => type === 'connected');
    expect(connected.map(({ epoch }) => epoch)).toEqual(connected.map(({ epoch }) => epoch).toSorted());
    expect(new Set(connected.map(({ epoch }) => epoch)).size).toBe(60);
    const ended = events.filter((event) => event.type === 'disconnected');
    expect(new Set(ended.map(({ connectionId }) => connectionId)).size).toBe(60);
    for (const event of ended) {
      expect(event.uncertaintyMs).toBeGreaterThanOrEqual(0);
      expect(event.lastSeen).toBeLessThanOrEqual(event.at);
      if (event.reason !== 'adapter-shutdown') expect(event.uncertaintyMs).toBe(event.at - event.lastSeen);
    }
    expect(ahead).toBeGreaterThan(0);
  },
);

test('what could not be sent goes out first, with the same facts, in order; and what is new after it', async () => {
  const first = await started(() => away);
  const { connection } = await first.begin({ remoteId: 'gone' });
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  await first.begin({ remoteId: 'open' });
  await clock.advanceAsync(1_000);
  const before = first.sink.attempts;
  await kill(first);

  const second = await started();
  await second.begin({ remoteId: 'new' });
  expect(inWords(await second.events(5))).toEqual([
    '+gone',
    '-gone client-closed',
    '+open',
    '-open adapter-lost',
    '+new',
  ]);
  expect(second.sink.attempts[0]).toEqual(before[0]);
});

test('a parked event is tried again at the next start, before what came later', async () => {
  const first = await started(() => refused);
  await first.begin();
  await kill(first);
  const second = await started();
  expect(inWords(await second.events(2))).toEqual(['+unit-1', '-unit-1 adapter-lost']);
});

test('a run that stops leaves nothing to clean up', async () => {
  const first = await started();
  await first.begin();
  await first.running.stop({ graceMs: 1_000 });
  running.splice(0);
  const second = await started();
  await settled();
  expect(second.sink.events).toEqual([]);
  expect(inWords(first.sink.events)).toEqual(['+unit-1', '-unit-1 adapter-shutdown']);
});

test('connections that a run left out before it was killed are counted by the ending that the next run reports', async () => {
  const settings = { outbox: { maxEvents: 4, maxBytes: 1_000_000 } };
  let answer: Delivery = { status: 'delivered' };
  const first = await started(() => answer, { settings });
  await first.begin({ remoteId: 'unit-1' });
  await clock.advanceAsync(0);
  answer = away;
  for (let time = 0; time < 6; time++) {
    const brief = await first.begin({ remoteId: 'unit-2' });
    brief.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  }
  // There is no room for it beside what waits.
  await first.begin({ remoteId: 'unit-3' });
  await kill(first);
  const second = await started(undefined, { settings });
  await clock.advanceAsync(10_000);
  const told = [...first.sink.events, ...second.sink.events];
  const lost = told.find((event) => event.type === 'disconnected' && event.reason === 'adapter-lost');
  expect(lost).toMatchObject({ coalesced: expect.any(Number) });
  const pairs = told.filter(({ type }) => type === 'connected').length;
  expect(pairs + told.reduce((sum, { coalesced = 0 }) => sum + coalesced, 0)).toBe(8);
});
