import { expect, test } from 'vitest';
import { createBytePool } from './byte-pool.ts';

test('a copy stays as it is, however many follow, and whatever becomes of the original', () => {
  const copy = createBytePool(64);
  const source = new Uint8Array(7);
  const copies = Array.from({ length: 100 }, (_, index) => copy(source.fill(index)));
  for (const [index, each] of copies.entries())
    expect([...each]).toEqual(Array.from({ length: 7 }, () => index));
});

test('a large copy shares no memory', () => {
  const copy = createBytePool(64);
  expect(copy(new Uint8Array(8)).buffer.byteLength).toBe(64);
  expect(copy(new Uint8Array(9)).buffer.byteLength).toBe(9);
  expect(copy(new Uint8Array(0))).toHaveLength(0);
});
