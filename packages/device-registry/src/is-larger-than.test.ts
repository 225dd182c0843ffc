import { expect, test } from 'vitest';
import { isLargerThan } from './is-larger-than.ts';

test.each([
  ['a string', 'x', 1],
  ['null', null, 1],
  ['a tree', { a: [1, 2, { b: undefined }], c: null }, 7],
])('isLargerThan counts each value in %s once', (_what, value, size) => {
  expect(isLargerThan(value, size)).toBe(false);
  expect(isLargerThan(value, size - 1)).toBe(true);
});

test('a value that repeats its parts exponentially, or contains itself, is larger than any number', () => {
  let bomb: unknown[] = ['x'];
  for (let depth = 0; depth < 40; depth++) bomb = [bomb, bomb];
  expect(isLargerThan(bomb, 1_000)).toBe(true);
  const self: unknown[] = [];
  self.push(self);
  expect(isLargerThan(self, 1_000)).toBe(true);
});
