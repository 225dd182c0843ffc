import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { redialDelayMs } from './redial-delay.ts';

const limits = { minDelayMs: 10, maxDelayMs: 7_000, incrementMs: 100 };

test('the first try comes after the least wait, later ones within a doubling bound', () => {
  const random = seededRandom(1);
  expect(redialDelayMs(1, random, limits)).toBe(10);
  for (const [attempt, ceiling] of [
    [2, 200],
    [3, 400],
    [5, 1_600],
    [20, 7_000],
    [10_000, 7_000],
  ] as const)
    for (let i = 0; i < 100; i++) {
      const delay = redialDelayMs(attempt, random, limits);
      expect(delay).toBeGreaterThanOrEqual(10);
      expect(delay).toBeLessThanOrEqual(ceiling);
    }
});
