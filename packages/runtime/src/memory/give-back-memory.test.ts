import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { giveBackMemory } from './give-back-memory.ts';

const mebibyte = 2 ** 20;

function given() {
  const clock = new ManualClock();
  const heap = { committed: 30 * mebibyte, busy: 0, told: [] as boolean[] };
  const stop = giveBackMemory(clock, {
    committedBytes: () => heap.committed,
    busyShare: () => heap.busy,
    staySmall: (wanted) => heap.told.push(wanted),
  });
  /** For so many seconds, the loop is busy for this part of the time, and the heap has this size. */
  const pass = (seconds: number, busy: number, committedMebibytes: number): void => {
    heap.busy = busy;
    heap.committed = committedMebibytes * mebibyte;
    clock.advance(seconds * 1_000);
  };
  return { heap, pass, stop };
}

test('a process that did not grow is left alone, however calm it is', () => {
  const { heap, pass } = given();
  pass(600, 0, 50);
  expect(heap.told).toEqual([]);
});

test('one that grew in a storm stays small once it was calm for ten seconds, for half a minute', () => {
  const { heap, pass } = given();
  pass(60, 0.9, 300);
  pass(5, 0.1, 300);
  expect(heap.told).toEqual([]);
  pass(5, 0.1, 300);
  expect(heap.told).toEqual([true]);
  pass(25, 0.1, 40);
  expect(heap.told).toEqual([true]);
  pass(5, 0.1, 40);
  expect(heap.told).toEqual([true, false]);
});

test('while it works again, it has the memory that it needs, and gives it back afterwards', () => {
  const { heap, pass } = given();
  pass(10, 0, 300);
  expect(heap.told).toEqual([true]);
  pass(5, 0.8, 300);
  expect(heap.told).toEqual([true, false]);
  pass(10, 0, 300);
  expect(heap.told).toEqual([true, false, true]);
});

test('what it still holds when it is over is what it needs: it is not asked for that again', () => {
  const { heap, pass } = given();
  pass(40, 0, 300);
  expect(heap.told).toEqual([true, false]);
  pass(600, 0, 300);
  expect(heap.told).toEqual([true, false]);
  pass(10, 0, 340);
  expect(heap.told).toEqual([true, false, true]);
});

test('who stops it leaves V8 as it was', () => {
  const { heap, pass, stop } = given();
  pass(10, 0, 300);
  stop();
  expect(heap.told).toEqual([true, false]);
  pass(600, 0, 900);
  expect(heap.told).toEqual([true, false]);
});
