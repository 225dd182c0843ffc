import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { expiresAt } from './expires-at.ts';
import { createExpiry } from './expiry.ts';

test.each([
  [{}, undefined],
  [{ ttl: null, absolute_expiry_time: null }, undefined],
  [{ ttl: 500 }, 1_500],
  [{ ttl: 0 }, 1_000],
  [{ ttl: 4_294_967_295 }, 4_294_968_295],
  [{ absolute_expiry_time: 1_200 }, 1_200],
  [{ absolute_expiry_time: new Date(1_200) }, 1_200],
  [{ absolute_expiry_time: -5 }, -5],
  [{ absolute_expiry_time: new Date(NaN) }, undefined],
  [{ absolute_expiry_time: 1e300, ttl: 5 }, 1_005],
  [{ ttl: 500, absolute_expiry_time: 1_200 }, 1_200],
  [{ ttl: 100, absolute_expiry_time: 1_200 }, 1_100],
])('a message with %j that arrives at 1000 expires at %s', (lifetime, at) => {
  expect(expiresAt(lifetime, 1_000)).toBe(at);
});

test('a queue is swept within a second after a message expires, also when the wall clock was set, and leaves no timer', () => {
  const clock = new ManualClock();
  const start = clock.now();
  let expiries = [start + 10, start + 20, start + 5_000, start + 3_600_000];
  const swept: number[] = [];
  const expiry = createExpiry({
    clock,
    sweep(now) {
      swept.push(now - start);
      expiries = expiries.filter((each) => each > now);
      return Math.min(...expiries);
    },
  });
  for (const each of expiries) expiry.note(each);
  expiry.note(undefined);
  expect(clock.armed).toBe(1);
  clock.advance(10_000);
  expect(swept).toEqual([1_000, 5_000]);
  clock.stepWall(3_600_000);
  clock.advance(60_000);
  expect(swept).toHaveLength(3);
  expect(clock.armed).toBe(0);
});
