import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { StoreUnavailable } from '../store-unavailable.ts';
import { SearchSemaphore } from './search-semaphore.ts';

test('two searches run at a time, three wait in order, further ones are refused, and a failed one frees its place', async () => {
  const gate = new SearchSemaphore(2, 3);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const search = (number: number) =>
    gate.pass(async () => {
      begun.push(number);
      await new Promise<void>((resolve) => (ends[number] = resolve));
      if (number === 0) throw new Error('failed');
      return number;
    });
  const results = [0, 1, 2, 3, 4].map(search);
  const settledResults = Promise.allSettled(results);
  await expect(search(5)).rejects.toBeInstanceOf(StoreUnavailable);
  expect(begun).toEqual([0, 1]);
  for (const number of [0, 1, 2, 3, 4]) {
    ends[number]?.();
    await settled();
    expect(begun).toEqual([0, 1, 2, 3, 4].slice(0, number + 3));
  }
  expect((await settledResults).map(({ status }) => status)).toEqual([
    'rejected',
    ...Array.from({ length: 4 }, () => 'fulfilled'),
  ]);
  const again = search(6);
  await settled();
  ends[6]?.();
  expect(await again).toBe(6);
});
