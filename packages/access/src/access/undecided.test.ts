import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { Undecided } from './undecided.ts';

function given(): {
  clock: ManualClock;
  undecided: Undecided<object>;
  reviews: () => number;
} {
  const clock = new ManualClock();
  let reviews = 0;
  const undecided = new Undecided<object>(clock, async () => void (reviews += 1));
  return { clock, undecided, reviews: () => reviews };
}

test.each(['add', 'join'] as const)(
  'whoever comes by %s does not put off the review of others',
  async (by) => {
    const { clock, undecided, reviews } = given();
    for (let count = 0; count < 10; count++) {
      undecided[by]({});
      await clock.advanceAsync(500);
    }
    expect(reviews()).toBeGreaterThan(1);
  },
);

test('those that join others are reviewed with them, and not sooner', async () => {
  const { clock, undecided, reviews } = given();
  undecided.add({});
  await clock.advanceAsync(1_000 + 2_000 + 4_000);
  expect(reviews()).toBe(3);
  for (let count = 0; count < 7; count++) {
    undecided.join({});
    await clock.advanceAsync(1_000);
  }
  expect(reviews()).toBe(3);
  await clock.advanceAsync(1_000);
  expect(reviews()).toBe(4);
  undecided.stop();
  expect(clock.armed).toBe(0);
});
