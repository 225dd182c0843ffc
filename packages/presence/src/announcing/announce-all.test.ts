import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { AnnounceAll } from './announce-all.ts';

function given(count: number, refuse: (item: number, times: number) => boolean = () => false) {
  const clock = new ManualClock();
  const open = new Set(Array.from({ length: count }, (_, number) => number));
  const said: (readonly [at: number, item: number])[] = [];
  const tries = new Map<number, number>();
  const announcements = new AnnounceAll<number>({
    clock,
    all: () => open,
    holds: (item) => open.has(item),
    say(item) {
      const times = (tries.get(item) ?? 0) + 1;
      tries.set(item, times);
      if (refuse(item, times)) return false;
      said.push([clock.monotonic(), item]);
      return true;
    },
  });
  return { clock, open, said, tries, announcements };
}

test('all open items are announced once, in order, 20 every 100 ms, and none that has ended by then', () => {
  const { clock, open, said, announcements } = given(45);
  const begun = clock.monotonic();
  announcements.ask();
  expect(said).toEqual([]);
  clock.advance(100);
  expect(said.map(([, item]) => item)).toEqual(Array.from({ length: 20 }, (_, number) => number));
  open.delete(20);
  // An item that comes meanwhile is published as new anyway.
  open.add(1_000);
  clock.advance(10_000);
  expect(said.map(([, item]) => item)).toEqual(
    Array.from({ length: 45 }, (_, number) => number).filter((number) => number !== 20),
  );
  expect([...new Set(said.map(([at]) => at - begun))]).toEqual([100, 200, 300]);
  expect(clock.armed).toBe(0);
});

test('items that not all sinks took are tried again after the others, until none of them succeeds', () => {
  const { clock, said, tries, announcements } = given(
    3,
    (item, times) => item === 2 || (item === 0 && times === 1),
  );
  announcements.ask();
  clock.advance(10_000);
  expect(said.map(([, item]) => item)).toEqual([1, 0]);
  expect([...tries]).toEqual([
    [0, 2],
    [1, 1],
    [2, 3],
  ]);
  expect(clock.armed).toBe(0);
});

test('repeated requests have an effect once a minute', () => {
  const { clock, said, announcements } = given(1);
  const begun = clock.monotonic();
  for (let second = 0; second < 200; second += 1) {
    announcements.ask();
    clock.advance(1_000);
  }
  expect(said.map(([at]) => at - begun)).toEqual([100, 60_100, 120_100, 180_100]);
});

test('with nothing open, nothing is announced; once it is stopped, no timer is armed', () => {
  const nothing = given(0);
  nothing.announcements.ask();
  nothing.clock.advance(1_000);
  expect([nothing.said, nothing.clock.armed]).toEqual([[], 0]);
  const stopped = given(100);
  stopped.announcements.ask();
  stopped.clock.advance(100);
  stopped.announcements.stop();
  stopped.announcements.ask();
  stopped.clock.advance(100_000);
  expect([stopped.said.length, stopped.clock.armed]).toEqual([20, 0]);
});
