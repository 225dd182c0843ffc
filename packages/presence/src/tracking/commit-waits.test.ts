import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { CommitWaits } from './commit-waits.ts';

/** Whether the wait is over by now. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  let over = false;
  void wait.then(() => (over = true));
  await settled();
  return over;
}

test('devices whose events are stored together share a wait if they come together, and each waits at least nine tenths of it', async () => {
  const clock = new ManualClock();
  const waits = new CommitWaits(clock, 50);
  const { promise: work } = Promise.withResolvers<void>();
  const first = waits.within(work);
  await clock.advanceAsync(4);
  expect(waits.within(work)).toBe(first);
  expect(clock.armed).toBe(1);
  await clock.advanceAsync(36);
  const late = waits.within(work);
  expect(late).not.toBe(first);
  await clock.advanceAsync(10);
  expect([await isOver(first), await isOver(late)]).toEqual([true, false]);
  await clock.advanceAsync(40);
  expect(await isOver(late)).toBe(true);
  expect(clock.armed).toBe(0);
});

test('a wait ends with its commit, and another one does not', async () => {
  const clock = new ManualClock();
  const waits = new CommitWaits(clock, 50);
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [first, second] = [waits.within(one.promise), waits.within(other.promise)];
  one.resolve();
  expect([await isOver(first), await isOver(second)]).toEqual([true, false]);
  expect(clock.armed).toBe(1);
});
