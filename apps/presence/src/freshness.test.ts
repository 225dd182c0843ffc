import { ManualClock, settled } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import { expect, onTestFinished, test } from 'vitest';
import { StoreUnavailable } from './store/store-unavailable.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { Freshness } from './freshness.ts';

async function given() {
  const clock = new ManualClock('2026-11-28T12:00:00Z');
  const store = new MemoryStore(clock);
  const progress: { readThrough: Timestamp | undefined } = { readThrough: undefined };
  const failures: unknown[] = [];
  const freshness = new Freshness({
    ...{ clock, store, progress },
    replica: 'own',
    announceIntervalMs: 3_600_000,
    failed: (_where, error) => void failures.push(error),
  });
  await freshness.begin();
  onTestFinished(() => freshness.stop());
  return {
    ...{ clock, store, progress, freshness, failures },
    async aSecond(): Promise<void> {
      clock.advance(1_000);
      await settled();
    },
  };
}

test('before any event was read, the age of the answers is unknown', async () => {
  const { freshness } = await given();
  expect(freshness.asOf()).toMatchObject({ at: undefined, lagMs: undefined, isComplete: false });
});

test('the answers are as old as the latest read', async () => {
  const { freshness, progress, clock } = await given();
  progress.readThrough = clock.now();
  clock.advance(700);
  expect(freshness.asOf()).toMatchObject({ lagMs: 700, isComplete: true });
});

test('the slowest of several replicas decides, until it stops or no longer notes its progress', async () => {
  const { freshness, store, progress, clock, aSecond } = await given();
  await store.noteProgress({ replica: 'other', readThroughMs: clock.now() - 9_000 });
  await aSecond();
  progress.readThrough = clock.now();
  expect(freshness.asOf().lagMs).toBe(10_000);
  await store.forgetReplica('other');
  await aSecond();
  expect(freshness.asOf().lagMs).toBe(1_000);
});

test('a replica notes how far it has read, and removes the note when it stops', async () => {
  const { freshness, store, progress, clock, aSecond } = await given();
  progress.readThrough = clock.now();
  await aSecond();
  expect((await store.progress()).replicas).toEqual([
    { replica: 'own', readThroughMs: progress.readThrough },
  ]);
  await freshness.stop();
  expect((await store.progress()).replicas).toEqual([]);
});

test('an unavailable database is noticed within a second, and is not reported as a failure', async () => {
  const { freshness, store, failures, aSecond } = await given();
  store.failure = new StoreUnavailable('away');
  await aSecond();
  expect(freshness.isStoreAway).toBe(true);
  store.failure = undefined;
  await aSecond();
  expect([freshness.isStoreAway, failures]).toEqual([false, []]);
  // Such as a password that was changed: no answer can be newer, and the cause is reported.
  store.failure = new Error('refused');
  await aSecond();
  expect([freshness.isStoreAway, failures.length]).toEqual([true, 1]);
});

test('a database lacks connections until all were announced after its start or its latest gap, and replicas give that the same name', async () => {
  const { freshness, store, clock, aSecond } = await given();
  expect(freshness.missing()).toBeUndefined();
  const hourMs = 3_600_000;
  const sinceMs = clock.now() - 50_000_000;
  const leftMs = clock.now() - 7_000_000;
  const lastGap = { fromMs: leftMs, toMs: clock.now() };
  store.progress = async () => ({ replicas: [], sinceMs, lastGap });
  await aSecond();
  expect(freshness.missing()).toBe(`presence-${sinceMs}-${leftMs}`);
  clock.advance(hourMs - 1_001);
  expect(freshness.missing()).toBe(`presence-${sinceMs}-${leftMs}`);
  clock.advance(1);
  expect(freshness.missing()).toBeUndefined();
  const begunMs = clock.now();
  store.progress = async () => ({ replicas: [], sinceMs: begunMs });
  await aSecond();
  await aSecond();
  expect(freshness.missing()).toBe(`presence-${begunMs}`);
});
