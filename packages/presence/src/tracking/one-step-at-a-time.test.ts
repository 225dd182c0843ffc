import { expect, test } from 'vitest';
import { OneStepAtATime } from './one-step-at-a-time.ts';

test('each step waits for the one before, and begins in another turn', async () => {
  const seen: string[] = [];
  const steps = new OneStepAtATime(() => {});
  const first = Promise.withResolvers<void>();
  const working = steps.take(async () => {
    seen.push('first begins');
    await first.promise;
    seen.push('first ends');
  });
  expect(steps.take(() => void seen.push('second'))).toBeUndefined();
  expect([seen, steps.working]).toEqual([[], working]);
  await Promise.resolve();
  expect(seen).toEqual(['first begins']);
  first.resolve();
  await working;
  expect([seen, steps.working]).toEqual([['first begins', 'first ends', 'second'], undefined]);
});

test('a step that throws does not prevent the next one', async () => {
  const failed: unknown[] = [];
  const seen: string[] = [];
  const steps = new OneStepAtATime((error) => failed.push(error));
  const mistake = new Error('a mistake');
  const working = steps.take(() => {
    throw mistake;
  });
  void steps.take(() => void seen.push('next'));
  await working;
  expect([failed, seen]).toEqual([[mistake], ['next']]);
});
