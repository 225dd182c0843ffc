import type { Instant } from '@rollcall/core';
import type rhea from 'rhea';
import { expect, test } from 'vitest';
import { createUnsettled, type Sent } from './unsettled.ts';

function givenThreeSent() {
  const unsettled = createUnsettled<Sent>();
  const items = [10, 20, 30].map((deadline) => ({ deadline: deadline as Instant, delivery: undefined }));
  const deliveries = items.map((item) => {
    const delivery = {} as rhea.Delivery;
    unsettled.add(item, delivery);
    return delivery;
  });
  return { unsettled, items: items as Sent[], deliveries };
}

test('deliveries are settled in any order, each once', () => {
  const { unsettled, items, deliveries } = givenThreeSent();
  const settle = (index: number) => unsettled.settle(deliveries[index] ?? ({} as rhea.Delivery));
  expect(settle(1)).toBe(items[1]);
  expect(unsettled.deadline()).toBe(10);
  expect(settle(1)).toBeUndefined();
  expect(settle(0)).toBe(items[0]);
  expect(unsettled.deadline()).toBe(30);
  expect(settle(2)).toBe(items[2]);
  expect(unsettled.deadline()).toBeUndefined();
  expect(settle(3)).toBeUndefined();
});

test('overdue items are taken in order with their deliveries, whose later outcome belongs to no item', () => {
  const { unsettled, items, deliveries } = givenThreeSent();
  const [first, second, third] = deliveries;
  if (second) unsettled.settle(second);
  expect(unsettled.takeOverdue(9 as Instant)).toBeUndefined();
  const overdue = unsettled.takeOverdue(30 as Instant);
  expect(overdue).toBe(items[0]);
  expect(overdue?.delivery).toBe(first);
  expect(unsettled.takeOverdue(30 as Instant)?.delivery).toBe(third);
  expect(unsettled.takeOverdue(30 as Instant)).toBeUndefined();
  if (overdue) overdue.delivery = undefined;
  if (first) expect(unsettled.settle(first)).toBeUndefined();
});
