import { ManualClock, seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createAnnouncer } from './announcer.ts';

const hourMs = 3_600_000;

function givenAnAnnouncer(intervalMs: number) {
  const clock = new ManualClock();
  const announced: { readonly item: number; readonly at: number }[] = [];
  const announcer = createAnnouncer<number>({ clock, random: seededRandom(1) }, intervalMs, (item) => {
    announced.push({ item, at: clock.monotonic() });
    return true;
  });
  return { clock, announced, announcer };
}

test('every item is announced once an interval, and not all at once', () => {
  const { clock, announced, announcer } = givenAnAnnouncer(hourMs);
  for (let item = 0; item < 1_000; item++) announcer.add(item);
  clock.advance(3 * hourMs);
  const times = Map.groupBy(announced, ({ item }) => item);
  expect([...times.values()].every((each) => each.length === 3)).toBe(true);
  expect(times.size).toBe(1_000);
  for (const each of times.values()) expect((each[1]?.at ?? 0) - (each[0]?.at ?? 0)).toBe(hourMs);
  const together = Map.groupBy(announced, ({ at }) => at);
  expect(Math.max(...[...together.values()].map((each) => each.length))).toBeLessThan(10);
});

test('an item that is removed is not announced any more', () => {
  const { clock, announced, announcer } = givenAnAnnouncer(5_000);
  announcer.add(1);
  clock.advance(5_000);
  announcer.remove(1);
  announcer.remove(2);
  clock.advance(hourMs);
  expect(announced).toHaveLength(1);
});

test('an interval shorter than a second is kept; none means never; a stopped announcer leaves no timer', () => {
  const short = givenAnAnnouncer(300);
  short.announcer.add(1);
  short.clock.advance(900);
  expect(short.announced).toHaveLength(3);
  short.announcer.stop();
  expect(short.clock.armed).toBe(0);
  const never = givenAnAnnouncer(0);
  never.announcer.add(1);
  never.announcer.announceAll();
  never.clock.advance(hourMs);
  expect([never.announced.length, never.clock.armed]).toEqual([0, 0]);
});

test('announceAll announces every item once more, and then the intervals go on', () => {
  const { clock, announced, announcer } = givenAnAnnouncer(hourMs);
  for (let item = 0; item < 30; item++) announcer.add(item);
  announcer.remove(7);
  announcer.announceAll();
  clock.advance(200);
  expect(announced.map(({ item }) => item)).toEqual([...Array(30).keys()].filter((item) => item !== 7));
  clock.advance(hourMs);
  expect(announced).toHaveLength(2 * 29);
  announcer.announceAll();
  announcer.stop();
  expect(clock.armed).toBe(0);
});
