import { expect, test } from 'vitest';
import { inTurns } from './in-turns.ts';

test('of much work some is done in one turn, in order', async () => {
  const done: number[] = [];
  const perTurn: number[] = [];
  const items = Array.from({ length: 1_001 }, (_, index) => index);
  const all = inTurns(items, async (item) => void done.push(item));
  while (done.length < items.length) {
    const before = done.length;
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(done.length - before);
  }
  await all;
  expect(done).toEqual(items);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(200);
});
