import type { Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { DeathWatch } from './death-watch.ts';

const deadAfterMs = 10_000;

/** Looks once a second, from `fromMs` to `toMs`, at the signs of life that `signOf` returns. */
function watching(
  watch: DeathWatch,
  fromMs: number,
  toMs: number,
  signOf: (atMs: number) => Record<string, string>,
): readonly string[] {
  const found: string[] = [];
  for (let at = fromMs; at <= toMs; at += 1_000)
    for (const { instance } of watch.look(new Map(Object.entries(signOf(at))), at as Instant))
      found.push(`${instance}@${at}`);
  return found;
}

test('only an instance whose sign of life does not change for too long is a candidate', () => {
  const watch = new DeathWatch(deadAfterMs);
  expect(watching(watch, 0, 12_000, (at) => ({ still: '7', moves: String(at) }))).toEqual([
    'still@11000',
    'still@12000',
  ]);
});

test('a sign that went back counts as a sign of life: a failover lost the later ones', () => {
  const watch = new DeathWatch(deadAfterMs);
  expect(watching(watch, 0, 20_000, (at) => ({ a: at < 9_000 ? '7' : '5' }))).toEqual(['a@20000']);
});

test('after a look that failed, the watch begins again', () => {
  const watch = new DeathWatch(deadAfterMs);
  watching(watch, 0, 9_000, () => ({ a: '7' }));
  watch.blind();
  expect(watching(watch, 10_000, 20_000, () => ({ a: '7' }))).toEqual([]);
  expect(watching(watch, 21_000, 21_000, () => ({ a: '7' }))).toEqual(['a@21000']);
});

test('after a pause of the watching process, the watch begins again', () => {
  const watch = new DeathWatch(deadAfterMs);
  watching(watch, 0, 1_000, () => ({ a: '7' }));
  expect(watching(watch, 60_000, 70_000, () => ({ a: '7' }))).toEqual([]);
});

test('an instance that another signal shows to be alive is watched from the beginning', () => {
  const watch = new DeathWatch(deadAfterMs);
  watching(watch, 0, 11_000, () => ({ a: '7' }));
  watch.lives('a');
  expect(watching(watch, 12_000, 22_000, () => ({ a: '7' }))).toEqual([]);
});
