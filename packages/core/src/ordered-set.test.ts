import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOrderedSet } from './ordered-set.ts';

const step = fc.record({ add: fc.boolean(), item: fc.integer({ min: 1, max: 40 }) });

test('knows the oldest and the newest, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const set = createOrderedSet<number>();
      let expected: number[] = [];
      for (const { add, item } of steps) {
        const there = expected.includes(item);
        expected = expected.filter((each) => each !== item);
        if (add) set.add(item);
        else expect(set.delete(item)).toBe(there);
        if (add) expected.push(item);
        expect([set.size, set.oldest(), set.newest()]).toEqual([
          expected.length,
          expected[0],
          expected.at(-1),
        ]);
      }
    }),
  );
});
