import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairQueue } from './fair-queue.ts';

test('an owner with a thousand items makes no other owner wait for more than one of them', () => {
  const queue = createFairQueue<string>();
  for (let i = 0; i < 1_000; i++) queue.push('a', `a${i}`);
  queue.push('b', 'b0');
  queue.push('c', 'c0');
  queue.push('b', 'b1');
  expect([queue.countOf('b'), queue.countOf('d')]).toEqual([2, 0]);
  expect(Array.from({ length: 6 }, () => queue.shift())).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2']);
  expect(queue.size).toBe(997);
});

test('first shows whose turn it is, and an item that was removed has none', () => {
  const queue = createFairQueue<string>();
  queue.push('a', 'a0');
  queue.push('a', 'a1');
  queue.push('b', 'b0');
  expect(queue.first()).toBe('a0');
  expect(queue.remove('a', 'a0')).toBe(true);
  expect(queue.remove('a', 'a0')).toBe(false);
  expect([queue.shift(), queue.shift(), queue.shift(), queue.first()]).toEqual([
    'a1',
    'b0',
    undefined,
    undefined,
  ]);
});

test('nothing is lost, and the items of one owner keep their order', () => {
  const pushes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 200 });
  fc.assert(
    fc.property(pushes, (steps) => {
      const queue = createFairQueue<{ owner: string; at: number }>();
      const out: { owner: string; at: number }[] = [];
      for (const [at, [owner, takes]] of steps.entries()) {
        queue.push(owner, { owner, at });
        const taken = takes ? queue.shift() : undefined;
        if (taken) out.push(taken);
      }
      expect([...queue]).toHaveLength(queue.size);
      for (let item = queue.shift(); item; item = queue.shift()) out.push(item);
      expect(queue.size).toBe(0);
      expect(out).toHaveLength(steps.length);
      for (const owner of ['a', 'b', 'c']) {
        const order = out.filter((item) => item.owner === owner).map(({ at }) => at);
        expect(order).toEqual(order.toSorted((one, other) => one - other));
      }
    }),
  );
});
