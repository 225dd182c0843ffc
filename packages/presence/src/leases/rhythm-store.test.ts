import type { Instant } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { createRhythmStore } from './rhythm-store.ts';
import { heard, type Rhythm } from './rhythm.ts';

const minutely: Rhythm = heard(heard({}, 0 as Instant), 60_000 as Instant);

test('a change is reported once; a request without a change is not reported', () => {
  const store = createRhythmStore(10, []);
  store.set('a', { latest: 0 as Instant });
  expect(store.takeChanges()).toEqual([]);
  store.set('a', minutely);
  expect(store.takeChanges()).toEqual([['a', minutely.gaps]]);
  store.set('a', { ...minutely, latest: 61_000 as Instant });
  expect(store.takeChanges()).toEqual([]);
});

test('the device that was silent for longest is forgotten first', () => {
  const store = createRhythmStore(2, []);
  for (const holder of ['a', 'b', 'a', 'c']) store.set(holder, minutely);
  expect([store.get('a'), store.get('b'), store.get('c')]).toEqual([minutely, {}, minutely]);
  expect(store.takeChanges()).toContainEqual(['b', undefined]);
});

test('rhythms of the journal are known again, without the time in which the adapter did not run', () => {
  const { gaps } = minutely;
  if (!gaps) throw new Error('nothing was learned');
  expect(createRhythmStore(10, [['a', gaps]]).get('a')).toEqual({ gaps });
});

describe('that a device closes its connection to sleep', () => {
  const closing = { returns: 2, ranOut: 1 };

  test('is kept with gaps, and without any', () => {
    const store = createRhythmStore(10, []);
    store.set('a', { ...minutely, closing });
    store.set('b', { closing });
    const kept = JSON.parse(JSON.stringify(store.takeChanges())) as ReturnType<typeof store.takeChanges>;
    const again = createRhythmStore(
      10,
      kept.flatMap(([holder, learned]) => (learned ? [[holder, learned] as const] : [])),
    );
    expect(again.get('a')).toEqual({ gaps: minutely.gaps, closing });
    expect(again.get('b')).toEqual({ closing });
  });

  test('is an addition: an earlier version reads the gaps, and what it wrote is read', () => {
    const store = createRhythmStore(10, []);
    store.set('a', { ...minutely, closing });
    expect(store.takeChanges()).toEqual([['a', { ...minutely.gaps, closing }]]);
  });

  test('is reported when it changes, and when it is unlearned', () => {
    const store = createRhythmStore(10, []);
    store.set('a', { closing });
    store.takeChanges();
    store.set('a', { closing, latest: 1 as Instant });
    expect(store.takeChanges()).toEqual([]);
    store.set('a', { latest: 1 as Instant });
    expect(store.takeChanges()).toEqual([['a', undefined]]);
  });
});
