import { anOutboundEvent, ManualClock, seededRandom } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import type { Delivery, EventSink } from '@rollcall/core/sink';
import { expect, test } from 'vitest';
import { createFileJournal } from '../journal/file-journal.ts';
import type { JournalStore, StoreReads } from '../journal/store/stored.ts';
import { createOutbox } from './outbox.ts';

const backlog = 20_000;
/** How many changes a journal may have that its store does not: two batches, one that is being stored, and the events in flight. */
const unstoredBound = 7_000;

/** A store with a backlog, whose writes take many turns of the event loop, or fail. */
function createSlowStore() {
  const left = new Set(Array.from({ length: backlog }, (_, index) => index + 1));
  const parked = new Set<number>();
  const { event, downstream } = anOutboundEvent('0');
  const { tenant, device } = event.device;
  const state = { failing: false };
  const reads: StoreReads = {
    pending: ({ after, limit }) =>
      Array.from({ length: Math.min(limit, backlog - after) }, (_, index) => ({
        seq: after + index + 1,
        tenant,
        device: `${device}-${after + index}`,
        at: event.at,
        bytes: JSON.stringify(event).length,
        sinks: ['events'],
      })),
    open: () => [],
    rhythms: () => [],
    proofs: () => [],
    owed: () => [],
    events: (seqs) =>
      seqs.map((seq) => ({ seq, facts: JSON.stringify(event), downstream: JSON.stringify(downstream) })),
  };
  const store: JournalStore = {
    open: async () => ({ lastSeq: backlog }),
    read: async (what, which) =>
      (reads[what] as (asked: typeof which) => ReturnType<StoreReads[typeof what]>)(which),
    async apply({ settled }) {
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
      if (state.failing) throw new Error('disk I/O error');
      for (const [seq, settlements] of settled) {
        left.delete(seq);
        if (settlements.some(({ refusal }) => refusal !== undefined)) parked.add(seq);
      }
    },
    close: async () => {},
  };
  return { store, state, left, parked };
}

async function drain(answer: Delivery, state: ReturnType<typeof createSlowStore>) {
  const clock = new ManualClock();
  const journal = createFileJournal({ store: state.store, clock, log: silentLog, behindAfterMs: 50 });
  const recovered = await journal.recover();
  let told = 0;
  let mostUnstored = 0;
  const sink: EventSink = {
    name: 'events',
    async deliver() {
      told += 1;
      mostUnstored = Math.max(mostUnstored, told - (backlog - state.left.size));
      return answer;
    },
    close: async () => {},
  };
  const outbox = createOutbox({
    sinks: [sink],
    journal,
    clock,
    random: seededRandom(1),
    log: silentLog,
    bounds: { maxEvents: 100_000, maxBytes: 100_000_000, maxMemoryBytes: 1_000_000 },
    backoff: { firstMs: 100, maxMs: 5_000 },
    window: 100,
    sendAfterMs: 1_000,
    observer: { delivered() {}, retried() {}, parked() {}, leftOut() {} },
  });
  const startSending = outbox.hold();
  for await (const batch of recovered.pending()) for (const each of batch) outbox.resume('events', each);
  startSending();
  return { clock, outbox, told: () => told, mostUnstored: () => mostUnstored };
}

test('a sink that is faster than the disk gets no more than the disk can follow', async () => {
  const state = createSlowStore();
  const { outbox, told, mostUnstored } = await drain({ status: 'delivered' }, state);
  await outbox.drained(new AbortController().signal);
  expect(told()).toBe(backlog);
  expect(mostUnstored()).toBeLessThan(unstoredBound);
  await outbox.close();
  expect(state.left.size).toBe(0);
});

test('while the disk fails, every event is sent, and is stored as confirmed once the disk is back', async () => {
  const state = createSlowStore();
  state.state.failing = true;
  const { outbox, told, mostUnstored } = await drain({ status: 'delivered' }, state);
  await outbox.drained(new AbortController().signal);
  expect(told()).toBe(backlog);
  expect(mostUnstored()).toBe(backlog);
  state.state.failing = false;
  await outbox.close();
  expect(state.left.size).toBe(0);
});

test('while the disk fails, a bounded number of refusals is kept in memory, and the rest of the backlog waits', async () => {
  const state = createSlowStore();
  state.state.failing = true;
  const refused: Delivery = { status: 'refused', cause: new Error('no such address') };
  const { clock, outbox, told } = await drain(refused, state);
  await clock.advanceAsync(60_000);
  for (let turn = 0; turn < 10_000 && told() < 10_000; turn++) await new Promise(setImmediate);
  await clock.advanceAsync(60_000);
  expect(told()).toBeGreaterThanOrEqual(10_000);
  expect(told()).toBeLessThan(13_000);
  expect(outbox.depth()[0]?.events).toBe(backlog - told());
  state.state.failing = false;
  for (let turn = 0; turn < 10_000 && told() < backlog; turn++) {
    await clock.advanceAsync(100);
    await new Promise(setImmediate);
  }
  expect(told()).toBe(backlog);
  await outbox.close();
  expect(state.parked.size).toBe(backlog);
});
