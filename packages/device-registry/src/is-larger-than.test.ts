import { expect, test } from 'vitest';
import { isLargerThan } from './is-larger-than.ts';

test.each([
  ['a text', 'x', 1],
  ['nothing', null, 1],
  ['a tree', { a: [1, 2, { b: undefined }], c: null }, 7],
])('%s is as large as it is', (_what, value, size) => {
  expect(isLargerThan(value, size)).toBe(false);
  expect(isLargerThan(value, size - 1)).toBe(true);
});

test('what stands for much, or contains itself, is larger than anything', () => {
  let bomb: unknown[] = ['x'];
  for (let depth = 0; depth < 40; depth++) bomb = [bomb, bomb];
  expect(isLargerThan(bomb, 1_000)).toBe(true);
  const self: unknown[] = [];
  self.push(self);
  expect(isLargerThan(self, 1_000)).toBe(true);
});
