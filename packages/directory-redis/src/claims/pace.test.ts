import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { assertionsPerSecond, Pace } from './pace.ts';

test('in each tenth of a second a tenth passes, however many callers wait', async () => {
  const clock = new ManualClock();
  const pace = new Pace(clock, 1_000);
  let passed = 0;
  const callers = Array.from({ length: 50 }, async () => {
    for (let each = 0; each < 10; each++) {
      await pace.pass();
      passed += 1;
    }
  });
  for (let slice = 1; slice <= 5; slice++) {
    await clock.advanceAsync(0);
    expect(passed).toBe(100 * slice);
    await clock.advanceAsync(99);
    expect(passed).toBe(100 * slice);
    await clock.advanceAsync(1);
  }
  await Promise.all(callers);
  expect(clock.armed).toBe(0);
});

test('the whole fleet shares what an engine can take', () => {
  expect([1, 15, 60, 1_000].map(assertionsPerSecond)).toEqual([2_000, 2_000, 500, 300]);
});
