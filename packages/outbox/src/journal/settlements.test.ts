import { expect, test } from 'vitest';
import { createSettlements } from './settlements.ts';

test('the answer of each sink for each event is taken once, and again if it could not be stored', () => {
  const settlements = createSettlements();
  settlements.add(1, { sink: 'events' });
  settlements.add(1, { sink: 'hook' });
  settlements.add(2, { sink: 'events', refusal: 'no such address' });
  settlements.add(2, { sink: 'hook', refusal: 'too large' });
  settlements.add(3, { sink: 'hook' });
  // Both refusals of one event are one change of its row.
  expect(settlements.size).toBe(4);
  expect(settlements.refusals).toBe(1);
  const some = settlements.take(2);
  settlements.putBack(some);
  const all = settlements.take(10);
  expect(settlements.size).toBe(0);
  expect(
    all.flatMap(([place, each]) => each.map(({ sink, refusal = '' }) => `${place} ${sink} ${refusal}`)),
  ).toEqual(['2 events no such address', '2 hook too large', '1 events ', '1 hook ', '3 hook ']);
});
