import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { EngineTime } from './engine-time.ts';

function estimated() {
  const clock = new ManualClock();
  let aheadMs = 1_000_000;
  const time = new EngineTime(clock);
  const begun = clock.monotonic();
  const engineMs = (): number => clock.monotonic() - begun + aheadMs;
  return {
    clock,
    set: (byMs: number) => void (aheadMs += byMs),
    /** A question that takes so long on its way there, and its answer so long until it is read. */
    ask(thereMs: number, backMs: number) {
      const askedAt = clock.monotonic();
      clock.advance(thereMs);
      const answered = engineMs();
      clock.advance(backMs);
      time.said(answered, askedAt);
    },
    /** How far the estimate is ahead of the engine's clock, ms. */
    error: () => Math.round((time.now() ?? Number.NaN) - engineMs()),
  };
}

test('an answer that is read late does not move the estimate', () => {
  const { clock, ask, error } = estimated();
  ask(1, 1);
  expect(error()).toBe(0);
  clock.advance(2_000);
  ask(1, 900);
  expect(error()).toBe(0);
  ask(900, 1);
  expect(error()).toBe(0);
});

test('an answer that took a little longer counts once the clocks may have drifted apart by as much', () => {
  const { clock, ask, error, set } = estimated();
  ask(1, 1);
  // As a quartz that is slow by 100 ppm.
  for (let round = 0; round < 60; round++) {
    clock.advance(2_000);
    set(-0.2);
    ask(2, 2);
  }
  expect(Math.abs(error())).toBeLessThanOrEqual(1);
});

test('after the clock of the engine was set, or another engine answers, the next answer counts, however long it took', () => {
  const { clock, ask, error, set } = estimated();
  ask(1, 1);
  clock.advance(2_000);
  for (const byMs of [300_000, -500_000]) {
    set(byMs);
    ask(40, 40);
    expect(error()).toBe(0);
  }
});

test('the first answer counts, and before it no time is known', () => {
  const time = new EngineTime(new ManualClock());
  expect(time.now()).toBeUndefined();
  const { ask, error } = estimated();
  ask(500, 100);
  expect(error()).toBe(200);
  ask(3, 3);
  expect(error()).toBe(0);
});
