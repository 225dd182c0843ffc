import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createTokenBuckets } from './token-buckets.ts';

function given(maxBuckets = 100) {
  const clock = new ManualClock();
  const buckets = createTokenBuckets(clock, { capacity: 10, refillPerSecond: 0.1, maxBuckets });
  const take = (key: string, count: number): void => {
    for (let taken = 0; taken < count; taken++) buckets.take(key);
  };
  return { clock, buckets, take };
}

test('a bucket is empty after its capacity, and has one token more after each refill', () => {
  const { clock, buckets, take } = given();
  take('a', 9);
  expect(buckets.has('a')).toBe(true);
  take('a', 1);
  expect(buckets.has('a')).toBe(false);
  clock.advance(9_999);
  expect(buckets.has('a')).toBe(false);
  clock.advance(1);
  expect(buckets.has('a')).toBe(true);
  expect(buckets.has('b')).toBe(true);
});

test('what is given back counts, and no more than what there was', () => {
  const { buckets, take } = given();
  take('a', 10);
  buckets.giveBack('a');
  expect(buckets.has('a')).toBe(true);
  for (let back = 0; back < 50; back++) buckets.giveBack('a');
  take('a', 10);
  expect(buckets.has('a')).toBe(false);
});

test('a flood of invented keys does not make an empty bucket be forgotten', () => {
  const { buckets, take } = given();
  take('attacked', 10);
  for (let name = 0; name < 10_000; name++) take(`invented-${name}`, 1);
  expect(buckets.size).toBe(100);
  expect(buckets.has('attacked')).toBe(false);
});

test('nor does a flood of keys that are emptied, as long as the bucket is asked for', () => {
  const { buckets, take } = given();
  take('attacked', 10);
  for (let name = 0; name < 1_000; name++) {
    take(`invented-${name}`, 10);
    expect(buckets.has('attacked')).toBe(false);
  }
  expect(buckets.size).toBe(100);
});

test('a bucket that filled up takes no room', () => {
  const { clock, buckets, take } = given();
  take('a', 10);
  clock.advance(100_000);
  expect(buckets.has('a')).toBe(true);
  expect(buckets.size).toBe(0);
});
