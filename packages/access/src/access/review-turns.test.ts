import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { ReviewTurns } from './review-turns.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('of much work some is done in one turn, in order', async () => {
  const done: number[] = [];
  const perTurn: number[] = [];
  const items = numbers(1_001);
  const all = new ReviewTurns(() => {}).each(
    () => items,
    async (item) => void done.push(item),
  );
  while (done.length < items.length) {
    const before = done.length;
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(done.length - before);
  }
  await all;
  expect(done).toEqual(items);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(50);
});

test('what concerns one device does not wait until all are reviewed, and is not reviewed beside them', async () => {
  const turns = new ReviewTurns(() => {});
  const done: (number | string)[] = [];
  const answers: (() => void)[] = [];
  const ask = (item: number | string): Promise<void> =>
    new Promise((resolve) => answers.push(() => (done.push(item), resolve())));
  const all = turns.each(() => numbers(120), ask);
  await settled();
  const one = turns.each(() => ['one'], ask);
  await settled();
  expect(answers, 'only those of the first turn are asked about').toHaveLength(50);
  while (done.length < 121) {
    for (const answer of answers.splice(0)) answer();
    await settled();
  }
  await Promise.all([all, one]);
  expect(done.indexOf('one')).toBe(50);
});

test('a review that fails is told, and the others are done', async () => {
  const failed: unknown[] = [];
  const done: number[] = [];
  const turns = new ReviewTurns((error) => failed.push(error));
  await turns.each(
    () => numbers(3),
    async (item) => {
      if (item === 1) throw new Error('away');
      done.push(item);
    },
  );
  await turns.each(
    () => numbers(1),
    async (item) => void done.push(item),
  );
  expect([done, failed]).toEqual([[0, 2, 0], [new Error('away')]]);
});
