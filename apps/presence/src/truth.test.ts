import { ManualClock, settled } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import { expect, onTestFinished, test } from 'vitest';
import { StoreUnavailable } from './store/store-unavailable.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { Truth } from './truth.ts';

async function given() {
  const clock = new ManualClock('2026-11-28T12:00:00Z');
  const store = new MemoryStore(clock);
  const progress: { readThrough: Timestamp | undefined } = { readThrough: undefined };
  const failures: unknown[] = [];
  const truth = new Truth({
    ...{ clock, store, progress },
    replica: 'own',
    announceIntervalMs: 3_600_000,
    failed: (_where, error) => void failures.push(error),
  });
  await truth.begin();
  onTestFinished(() => truth.stop());
  return {
    ...{ clock, store, progress, truth, failures },
    async aSecond(): Promise<void> {
      clock.advance(1_000);
      await settled();
    },
  };
}

test('before anything was read, nothing is known of how far', async () => {
  const { truth } = await given();
  expect(truth.now()).toMatchObject({ at: undefined, lagMs: undefined, isComplete: false });
});

test('the answers are as old as what was read last', async () => {
  const { truth, progress, clock } = await given();
  progress.readThrough = clock.now();
  clock.advance(700);
  expect(truth.now()).toMatchObject({ lagMs: 700, isComplete: true });
});

test('of several replicas the slowest decides, until it stops or is heard no more', async () => {
  const { truth, store, progress, clock, aSecond } = await given();
  await store.noteProgress({ replica: 'other', readThroughMs: clock.now() - 9_000 });
  await aSecond();
  progress.readThrough = clock.now();
  expect(truth.now().lagMs).toBe(10_000);
  await store.forgetReplica('other');
  await aSecond();
  expect(truth.now().lagMs).toBe(1_000);
});

test('a replica tells the others how far it is, and takes that back when it stops', async () => {
  const { truth, store, progress, clock, aSecond } = await given();
  progress.readThrough = clock.now();
  await aSecond();
  expect((await store.progress()).replicas).toEqual([
    { replica: 'own', readThroughMs: progress.readThrough },
  ]);
  await truth.stop();
  expect((await store.progress()).replicas).toEqual([]);
});

test('a database that is away is known within a second, and is nobody’s mistake', async () => {
  const { truth, store, failures, aSecond } = await given();
  store.failure = new StoreUnavailable('away');
  await aSecond();
  expect(truth.isStoreAway).toBe(true);
  store.failure = undefined;
  await aSecond();
  expect([truth.isStoreAway, failures]).toEqual([false, []]);
  store.failure = new Error('a mistake');
  await aSecond();
  expect(failures).toHaveLength(1);
});

test('a database lacks what was not announced since it began, or since it was taken up again; replicas name it alike', async () => {
  const { truth, store, clock, aSecond } = await given();
  expect(truth.lacks()).toBeUndefined();
  const hourMs = 3_600_000;
  const sinceMs = clock.now() - 50_000_000;
  const leftMs = clock.now() - 7_000_000;
  const takenUp = { leftMs, atMs: clock.now() };
  store.progress = async () => ({ replicas: [], sinceMs, takenUp });
  await aSecond();
  expect(truth.lacks()).toBe(`presence-${sinceMs}-${leftMs}`);
  clock.advance(hourMs - 1_001);
  expect(truth.lacks()).toBe(`presence-${sinceMs}-${leftMs}`);
  clock.advance(1);
  expect(truth.lacks()).toBeUndefined();
  const begunMs = clock.now();
  store.progress = async () => ({ replicas: [], sinceMs: begunMs });
  await aSecond();
  await aSecond();
  expect(truth.lacks()).toBe(`presence-${begunMs}`);
});
