import { expect, test } from 'vitest';
import { systemRandom } from './system-random.ts';

test('bytes are handed out once, also across the edge of the pool and beyond its size', () => {
  const seen = new Set<string>();
  for (let draw = 0; draw < 1_000; draw++) {
    const bytes = systemRandom.bytes(16);
    expect(bytes).toHaveLength(16);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  expect(seen.size).toBe(1_000);
  expect(systemRandom.bytes(10_000)).toHaveLength(10_000);
  expect(systemRandom.bytes(0)).toHaveLength(0);
});

test('a caller that changes its bytes changes no other bytes', () => {
  const mine = systemRandom.bytes(16);
  const copy = Uint8Array.from(mine);
  systemRandom.bytes(16).fill(0);
  expect(mine).toEqual(copy);
});
