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

test('what concerns one device does not wait until all are reviewed, and has the next turn', async () => {
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

test('changes of several devices do not wait for each other, and those of one device do', async () => {
  const turns = new ReviewTurns(() => {});
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const change = (device: string): Promise<void> =>
    turns.each(
      () => [device],
      (item) => {
        asked.push(item);
        return new Promise((resolve) => answers.push(resolve));
      },
    );
  const all = ['a', 'b', 'a', 'c', 'a'].map(change);
  await settled();
  expect(asked).toEqual(['a', 'b', 'c']);
  answers[1]?.();
  await settled();
  expect(asked).toEqual(['a', 'b', 'c']);
  for (let answered = 0; answered < answers.length; answered++) {
    answers[answered]?.();
    await settled();
  }
  await Promise.all(all);
  expect(asked).toEqual(['a', 'b', 'c', 'a', 'a']);
});

test('however many changes there are, a bounded number is asked about at a time', async () => {
  const turns = new ReviewTurns(() => {});
  const answers: (() => void)[] = [];
  const all = numbers(120).map((device) =>
    turns.each(
      () => [device],
      () => new Promise((resolve) => answers.push(resolve)),
    ),
  );
  await settled();
  expect(answers).toHaveLength(50);
  answers[0]?.();
  await settled();
  expect(answers).toHaveLength(51);
  for (let answered = 1; answered < 120; answered++) {
    answers[answered]?.();
    await settled();
  }
  await Promise.all(all);
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
