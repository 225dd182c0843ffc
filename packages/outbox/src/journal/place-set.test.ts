import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createPlaceSet } from './place-set.ts';

test.each([1, 2, 3, 4, 5])('gives back each place once, wherever it is (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const places = createPlaceSet();
  const expected = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    // Beyond what an integer of 32 bits holds, too.
    const place = 1 + Math.floor(random.next() * (seed % 2 === 0 ? 50_000 : 9_000_000_000));
    places.add(place);
    expected.add(place);
    if (random.next() < 0.01) {
      for (const taken of places.take(300)) expect(expected.delete(taken)).toBe(true);
      expect(places.size).toBe(expected.size);
    }
  }
  expect(places.take(Infinity).toSorted((a, b) => a - b)).toEqual([...expected].toSorted((a, b) => a - b));
  expect(places.size).toBe(0);
  expect(places.take(1)).toEqual([]);
});

test('places that came first are taken first, as many as are asked for', () => {
  const places = createPlaceSet();
  for (let place = 1; place <= 100_000; place++) places.add(place);
  expect(places.take(3)).toEqual([1, 2, 3]);
  expect(places.take(50_000)).toHaveLength(50_000);
  expect(places.take(2)).toEqual([50_004, 50_005]);
});
