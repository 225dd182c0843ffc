import { ManualClock, seededRandom } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { drain, type Drainable } from './drain.ts';

function givenSessions(count: number) {
  const ended: number[] = [];
  const gone = new Set<number>();
  const sessions = Array.from({ length: count }, (_, id): Drainable => ({
    isOpen: () => !gone.has(id),
    end: () => void ended.push(id),
  }));
  return { ended, gone, sessions };
}

function begin(sessions: readonly Drainable[], perSecond: number, graceMs = 60_000, seed = 1) {
  const clock = new ManualClock();
  const over = new AbortController();
  clock.at(later(clock.monotonic(), graceMs), () => over.abort());
  let result: number | undefined;
  const done = drain({ sessions, perSecond, clock, random: seededRandom(seed), signal: over.signal }).then(
    (count) => (result = count),
  );
  return { clock, done, result: () => result };
}

test.each([
  [1, 5],
  [10, 25],
  [300, 900],
  [5_000, 12_000],
])('%i a second, of %i: none at first, that many each second, then it is over', async (perSecond, count) => {
  const { ended, sessions } = givenSessions(count);
  const { clock, done, result } = begin(sessions, perSecond);
  expect(ended).toEqual([]);
  for (let seconds = 1; ended.length < count; seconds++) {
    await clock.advanceAsync(1_000);
    expect(ended).toHaveLength(Math.min(count, perSecond * seconds));
  }
  await clock.advanceAsync(1_000);
  await done;
  expect(result()).toBe(count);
  expect(new Set(ended).size).toBe(count);
});

test('sessions are spread within a second', async () => {
  const { ended, sessions } = givenSessions(100);
  const { clock } = begin(sessions, 10);
  for (let tenths = 1; tenths <= 10; tenths++) {
    await clock.advanceAsync(100);
    expect(ended).toHaveLength(tenths);
  }
});

test('the order is random, and depends on the given randomness', async () => {
  const order = async (seed: number): Promise<readonly number[]> => {
    const { ended, sessions } = givenSessions(50);
    const { clock, done } = begin(sessions, 50, 60_000, seed);
    await clock.advanceAsync(2_000);
    await done;
    return ended;
  };
  const [one, same, other] = [await order(1), await order(1), await order(2)];
  expect(one).toEqual(same);
  expect(one).not.toEqual(other);
  expect(one).not.toEqual(one.toSorted((a, b) => a - b));
});

test('a device that leaves by itself is not counted, and delays no other', async () => {
  const { ended, gone, sessions } = givenSessions(40);
  const { clock, done, result } = begin(sessions, 10);
  for (let id = 0; id < 20; id++) gone.add(id);
  await clock.advanceAsync(1_000);
  expect(ended).toHaveLength(10);
  await clock.advanceAsync(2_000);
  await done;
  expect(ended.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 20));
  expect(result()).toBe(20);
});

test('when the time is up, the other sessions stay open', async () => {
  const { ended, sessions } = givenSessions(100);
  const { clock, done, result } = begin(sessions, 10, 3_000);
  await clock.advanceAsync(5_000);
  await done;
  expect(ended.length).toBeGreaterThanOrEqual(29);
  expect(ended.length).toBeLessThanOrEqual(30);
  expect(result()).toBe(ended.length);
  expect(clock.armed).toBe(0);
});

test('draining without sessions is over at once', async () => {
  const { clock, done } = begin([], 1);
  expect(await done).toBe(0);
  expect(clock.armed, 'the end of the time alone').toBe(1);
});
