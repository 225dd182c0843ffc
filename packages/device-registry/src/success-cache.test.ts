import { describe, expect, test } from 'vitest';
import { seededRandom } from '@rollcall/conformance';
import { createSuccessCache } from './success-cache.ts';

describe('a password that matched', () => {
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => `entry-${from + index}`);

  test('is remembered until more than half of the cache’s size were used after it', () => {
    const cache = createSuccessCache(seededRandom(1), 100);
    for (const entry of numbers(0, 50)) cache.add(entry);
    for (let round = 0; round < 10; round += 1)
      for (const entry of numbers(0, 50)) expect(cache.has(entry), `round ${round}: ${entry}`).toBe(true);
    for (const entry of numbers(50, 99)) cache.add(entry);
    expect(cache.has('entry-49'), 'used before the 49 others').toBe(true);
  });

  test('is forgotten if others were used instead: the cache never exceeds its size', () => {
    const cache = createSuccessCache(seededRandom(1), 100);
    const all = numbers(0, 1_000);
    for (const entry of all) cache.add(entry);
    const kept = all.filter((entry) => cache.has(entry));
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept, 'the latest').toEqual(expect.arrayContaining(numbers(950, 1_000)));
  });

  test('stays while it is used, whatever else is added', () => {
    const cache = createSuccessCache(seededRandom(1), 100);
    cache.add('regular');
    for (const entry of numbers(0, 1_000)) {
      cache.add(entry);
      expect(cache.has('regular')).toBe(true);
    }
  });

  test('is kept once, however often it is added', () => {
    const cache = createSuccessCache(seededRandom(1), 100);
    cache.add('first');
    for (let time = 0; time < 1_000; time += 1) cache.add('second');
    expect(cache.has('first')).toBe(true);
  });
});
