import { ManualClock, seededRandom } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { patientClock } from './patient-clock.ts';

function givenPatience(waitMs: number) {
  const clock = new ManualClock();
  const begun = clock.monotonic();
  const patience = patientClock(clock);
  const woken: number[] = [];
  const disarm = patience.at(later(patience.monotonic(), waitMs), () =>
    woken.push(clock.monotonic() - begun),
  );
  return { clock, patience, woken, disarm };
}

test('an alarm rings at its deadline while the event loop turns', () => {
  const { clock, woken } = givenPatience(1_000);
  clock.advance(999);
  expect(woken).toEqual([]);
  clock.advance(1);
  expect(woken).toEqual([1_000]);
  expect(clock.armed).toBe(0);
});

test.each([1_000, 5_000, 60_000])(
  'a standstill of %i ms that hides the deadline does not count, nor does the second after it',
  (stallMs) => {
    const { clock, woken } = givenPatience(1_000);
    clock.advance(950);
    clock.stall(stallMs);
    expect(woken).toEqual([]);
    clock.advance(850);
    expect(woken).toEqual([]);
    clock.advance(1_000);
    expect(woken).toHaveLength(1);
  },
);

test('a standstill before the deadline does not count, nor does the same time after it', () => {
  const { clock, woken } = givenPatience(1_000);
  clock.stall(900);
  clock.advance(1_750);
  expect(woken).toEqual([]);
  clock.advance(150);
  expect(woken).toHaveLength(1);
});

test.each([1, 2, 3, 4, 5, 6])(
  'a standstill at any statement of this clock does not count: before reading %i of the other clock',
  (reading) => {
    const { clock, woken } = givenPatience(10_000);
    clock.advance(4_950);
    clock.stallBeforeReading(reading, 5_000);
    clock.advance(100);
    clock.advance(20_000);
    expect(woken).toHaveLength(1);
    expect(woken[0]).toBeGreaterThanOrEqual(14_850);
  },
);

test('the first call of monotonic() after a standstill does not count the standstill', () => {
  const { clock, patience } = givenPatience(10_000);
  clock.advance(100);
  const before = patience.monotonic();
  const seen: number[] = [];
  clock.at(later(clock.monotonic(), 10), () => seen.push(patience.monotonic() - before));
  clock.stall(5_000);
  expect(seen).toEqual([0]);
});

test('an alarm that is disarmed does not ring, and leaves no timer', () => {
  const { clock, patience, woken, disarm } = givenPatience(1_000);
  const disarmOther = patience.at(later(patience.monotonic(), 2_000), () => woken.push(-1));
  disarm();
  disarm();
  clock.stall(700);
  expect(clock.armed).toBeGreaterThan(0);
  disarmOther();
  expect(clock.armed).toBe(0);
  clock.advance(10_000);
  expect(woken).toEqual([]);
});

test.each([1, 2, 3, 4, 5])(
  'time never goes back, no alarm rings early, and each rings, for any pauses of the event loop (seed %i)',
  (seed) => {
    const random = seededRandom(seed);
    for (let run = 0; run < 50; run++) {
      const waitMs = 1 + random.pick(3_000);
      const { clock, patience, woken } = givenPatience(waitMs);
      let before = patience.monotonic();
      let turningMs = 0;
      for (let pause = 0; pause < 400 && woken.length === 0; pause++) {
        const lastsMs = 1 + random.pick(600);
        const stalls = random.pick(2) === 0;
        if (stalls) clock.stall(lastsMs);
        else clock.advance(lastsMs);
        turningMs += stalls ? Math.min(lastsMs, 150) : lastsMs;
        expect(patience.monotonic()).toBeGreaterThanOrEqual(before);
        before = patience.monotonic();
      }
      expect(woken).toHaveLength(1);
      expect(turningMs).toBeGreaterThanOrEqual(waitMs);
      expect(clock.armed).toBe(0);
    }
  },
);

test('an alarm rings late, but rings, when the event loop is late in every turn', () => {
  const { clock, woken } = givenPatience(1_000);
  for (let turn = 0; turn < 30; turn++) clock.stall(1_000);
  expect(woken).toHaveLength(1);
});
