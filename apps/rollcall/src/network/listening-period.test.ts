import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { ListeningPeriod } from './listening-period.ts';

function givenAPeriod() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const ends: (string | undefined)[] = [];
  const period = new ListeningPeriod({ clock, periodMs: 10_000, tell: (line) => void lines.push(line) });
  void period.over.then((why) => ends.push(why));
  return { clock, lines, ends, period };
}

test('the time until the network is reached is not listening', async () => {
  const { clock, ends, period } = givenAPeriod();
  await clock.advanceAsync(9_000);
  period.onStateChange(true);
  await clock.advanceAsync(9_999);
  expect(ends).toEqual([]);
  await clock.advanceAsync(1);
  expect(ends).toEqual([undefined]);
  expect(clock.armed).toBe(0);
});

test('a loss is not silence: the period begins again, and that is said', async () => {
  const { clock, lines, ends, period } = givenAPeriod();
  period.onStateChange(true);
  await clock.advanceAsync(6_000);
  period.onStateChange(false);
  await clock.advanceAsync(6_000);
  expect(ends).toEqual([]);
  expect(lines).toEqual(['the network was lost while listening: the 10 s begin again when it is back']);
  period.onStateChange(true);
  await clock.advanceAsync(9_999);
  expect(ends).toEqual([]);
  await clock.advanceAsync(1);
  expect(ends).toEqual([undefined]);
});

test.each([
  ['that is never there', 0, /is the network there/],
  ['that is lost and does not come back', 5_000, /is the network there/],
])('a network %s ends it with a reason', async (_name, attachedMs, reason) => {
  const { clock, ends, period } = givenAPeriod();
  if (attachedMs > 0) {
    period.onStateChange(true);
    await clock.advanceAsync(attachedMs);
    period.onStateChange(false);
  }
  await clock.advanceAsync(10_000);
  expect(ends).toEqual([expect.stringMatching(reason)]);
  expect(clock.armed).toBe(0);
});

test('a network that comes and goes ends it with a reason', async () => {
  const { clock, ends, period } = givenAPeriod();
  for (let round = 0; round < 6; round++) {
    period.onStateChange(true);
    await clock.advanceAsync(4_000);
    period.onStateChange(false);
    await clock.advanceAsync(1_000);
  }
  expect(ends).toEqual(['events could not be received for 10 s without a break']);
  expect(clock.armed).toBe(0);
});
