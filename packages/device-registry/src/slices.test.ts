import { expect, test } from 'vitest';
import type { EntryChange } from './registry-entries.ts';
import { slicesOf } from './slices.ts';

const change = (name: string, length: number): EntryChange => ['device', 't', name, 'x'.repeat(length)];

test('changes are cut into slices by number and by size, and keep their order', () => {
  const many = Array.from({ length: 1_001 }, (_, index) => change(String(index), 10));
  const slices = [...slicesOf(many)];
  expect(slices.map(({ length }) => length)).toEqual([200, 200, 200, 200, 200, 1]);
  expect(slices.flat()).toEqual(many);
  const large = [change('a', 150_000), change('b', 150_000), change('c', 1_000_000), change('d', 1)];
  expect([...slicesOf(large)].map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  expect([...slicesOf([])]).toEqual([]);
});
