import { expect, test } from 'vitest';
import { keepForMs } from './keep-for.ts';

test.each<readonly [number, string | undefined, number, number]>([
  [200, 'max-age = 180', 600, 180_000],
  [200, 'max-age=180', 600, 180_000],
  [200, 'MAX-AGE = 5', 600, 5_000],
  [200, 'max-age = 700', 600, 600_000],
  [200, 'max-age = 99999999', 100_000_000, 86_400_000],
  [200, 'max-age = 0', 600, 0],
  [200, 'no-cache', 600, 0],
  [200, 'no-store, max-age = 5', 600, 0],
  [200, 'max-age = -5', 600, 0],
  [200, 'max-age = 1e9', 600, 0],
  [200, '', 600, 0],
  [200, undefined, 600, 600_000],
  [201, undefined, 600, 0],
  [201, 'max-age = 5', 600, 5_000],
  [404, undefined, 600, 0],
  [200, undefined, 0, 0],
])('an answer of status %i with cache_control %j, for %i s at most, is kept for %i ms', (...facts) => {
  const [status, cacheControl, keepSeconds, expected] = facts;
  expect(keepForMs(status, cacheControl, keepSeconds)).toBe(expected);
});
