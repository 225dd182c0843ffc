import { expect, test } from 'vitest';
import { memoryLimit, shareOfHeap } from './memory-limit.ts';

// The limits that Node.js 24 reports for `--max-old-space-size`; the last one with young objects limited to 3 times 8 MB.
test.each([
  [64, 268_435_456],
  [128, 335_544_320],
  [4_096, 4_496_293_888],
  [128, 159_383_552],
])('of %i MB for old objects, events that wait take an eighth at most', (megabytes, heapLimit) => {
  const share = shareOfHeap(heapLimit);
  expect(share).toBeLessThanOrEqual((megabytes * 1_048_576) / 8);
  expect(share).toBeGreaterThanOrEqual((megabytes * 1_048_576) / 32);
});

test('a configured limit takes precedence', () => {
  expect(memoryLimit(1_000)).toBe(1_000);
  expect(memoryLimit(0)).toBeGreaterThan(0);
});
