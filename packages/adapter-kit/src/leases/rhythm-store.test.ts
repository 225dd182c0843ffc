import type { Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { createRhythmStore } from './rhythm-store.ts';
import { heard, type Rhythm } from './rhythm.ts';

const minutely: Rhythm = heard(heard({}, 0 as Instant), 60_000 as Instant);

test('what was learned is told once; a request that teaches nothing is not', () => {
  const store = createRhythmStore(10, []);
  store.set('a', { latest: 0 as Instant });
  expect(store.takeChanges()).toEqual([]);
  store.set('a', minutely);
  expect(store.takeChanges()).toEqual([['a', minutely.gaps]]);
  store.set('a', { ...minutely, latest: 61_000 as Instant });
  expect(store.takeChanges()).toEqual([]);
});

test('whoever was not heard for longest is forgotten first', () => {
  const store = createRhythmStore(2, []);
  for (const holder of ['a', 'b', 'a', 'c']) store.set(holder, minutely);
  expect([store.get('a'), store.get('b'), store.get('c')]).toEqual([minutely, {}, minutely]);
  expect(store.takeChanges()).toContainEqual(['b', undefined]);
});

test('what the journal kept is known again, without the time that nobody listened', () => {
  const { gaps } = minutely;
  if (!gaps) throw new Error('nothing was learned');
  expect(createRhythmStore(10, [['a', gaps]]).get('a')).toEqual({ gaps });
});
