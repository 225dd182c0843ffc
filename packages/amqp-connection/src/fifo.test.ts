import { expect, test } from 'vitest';
import { createFifo } from './fifo.ts';

test('a Fifo gives items back in the order they came, however many pass through', () => {
  const fifo = createFifo<number>();
  let pushed = 0;
  let shifted = 0;
  for (let round = 1; round <= 200; round++) {
    for (let count = 0; count < round; count++) fifo.push(pushed++);
    for (let count = 0; count < round - (round % 3); count++) expect(fifo.shift()).toBe(shifted++);
    expect(fifo.length).toBe(pushed - shifted);
    expect(fifo.first()).toBe(pushed === shifted ? undefined : shifted);
  }
  const rest = Array.from({ length: pushed - shifted }, (_, index) => shifted + index);
  expect([...fifo]).toEqual(rest);
  expect(rest.map(() => fifo.shift())).toEqual(rest);
  expect(fifo.shift()).toBeUndefined();
  expect(fifo.length).toBe(0);
});
