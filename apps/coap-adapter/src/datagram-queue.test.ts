import { setImmediate as nextTurn } from 'node:timers/promises';
import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { DatagramQueue } from './datagram-queue.ts';

function given() {
  const clock = new ManualClock();
  const queue = new DatagramQueue(clock);
  /** A turn of 50 ms, in which so many datagrams are read; when the last of them may have arrived, before now. */
  const turn = async (datagrams: number): Promise<number> => {
    let waitedMs = 0;
    for (let read = 0; read < datagrams; read++) {
      queue.read();
      waitedMs = clock.monotonic() - queue.arrival().heardAt;
    }
    clock.advance(50);
    await nextTurn();
    return waitedMs;
  };
  return turn;
}

test('where each turn finds the buffer empty, nothing has waited', async () => {
  const turn = given();
  for (const datagrams of [1, 31, 5]) expect(await turn(datagrams)).toBe(0);
});

test('what is read behind full turns may have waited since the first of them', async () => {
  const turn = given();
  expect(await turn(32)).toBe(0);
  expect(await turn(32)).toBe(50);
  expect(await turn(32)).toBe(100);
  expect(await turn(7)).toBe(150);
  expect(await turn(7)).toBe(0);
});

test('after a full turn that emptied the buffer, what comes later has not waited', async () => {
  const turn = given();
  await turn(32);
  await turn(32);
  for (const datagrams of [0, 0, 1]) expect(await turn(datagrams)).toBe(0);
});

test('nothing waits for longer than a full buffer takes', async () => {
  const turn = given();
  for (let turns = 0; turns < 300; turns++) await turn(32);
  expect(await turn(32)).toBe(170 * 50);
});
