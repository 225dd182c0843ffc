import { expect, test } from 'vitest';
import { StoreUnavailable } from './store-unavailable.ts';
import { WriteHealth } from './write-health.ts';

test('a refused write is reported until a write succeeds', async () => {
  const noticed: (string | undefined)[] = [];
  const trouble = new WriteHealth((cause) => noticed.push(cause));
  const full = new StoreUnavailable('database or disk is full');
  await expect(trouble.watch(() => Promise.reject(full))).rejects.toBe(full);
  expect(trouble.cause).toBe('database or disk is full');
  // It says nothing of the database, good or bad.
  await expect(trouble.watch(() => Promise.reject(new Error('no such column')))).rejects.toThrow('column');
  expect(trouble.cause).toBe('database or disk is full');
  expect(await trouble.watch(async () => 1)).toBe(1);
  expect(trouble.cause).toBeUndefined();
  expect(noticed).toEqual(['database or disk is full', undefined]);
});
