import { ManualClock, settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { DatabaseWatch } from './database-watch.ts';

function given() {
  const clock = new ManualClock();
  const asked: ((error?: Error) => void)[] = [];
  const noticed: (string | undefined)[] = [];
  const watch = new DatabaseWatch({
    clock,
    ask: () =>
      new Promise<void>((resolve, reject) => asked.push((error) => (error ? reject(error) : resolve()))),
    noticed: (cause) => noticed.push(cause),
  });
  onTestFinished(() => watch.stop());
  return { clock, asked, noticed, watch };
}

test('the watch knows whether the database answers, and sends one query at a time', async () => {
  const { clock, asked, noticed, watch } = given();
  expect(watch.isAway).toBe(false);
  clock.advance(4_000);
  expect(asked).toHaveLength(1);
  asked[0]?.(new Error('away'));
  await settled();
  expect(watch.isAway).toBe(true);
  clock.advance(2_000);
  asked[1]?.();
  await settled();
  expect(watch.isAway).toBe(false);
  expect(noticed).toEqual(['away', undefined]);
});

test('who looks hears what is true now, and not what was true when the database was asked last', async () => {
  const { clock, asked, watch } = given();
  clock.advance(2_000);
  const looks = [watch.look(), watch.look()];
  asked[0]?.();
  await settled();
  // One query for both, after the one that was under way.
  expect(asked).toHaveLength(2);
  asked[1]?.(new Error('away'));
  expect(await Promise.all(looks)).toEqual([true, true]);
  const later = watch.look();
  await settled();
  asked[2]?.();
  expect(await later).toBe(false);
});

test('who looks waits a second, and a database that is silent for five seconds is away', async () => {
  const { clock, asked, watch } = given();
  for (const isAway of [false, false, false, false, true]) {
    const look = watch.look();
    await settled();
    clock.advance(1_000);
    expect(await look).toBe(isAway);
  }
  expect(asked).toHaveLength(1);
  asked[0]?.();
  await settled();
  expect(watch.isAway).toBe(false);
});

test('a query that cannot be made is no answer', async () => {
  const watch = new DatabaseWatch({
    clock: new ManualClock(),
    ask() {
      throw new Error('closed');
    },
  });
  onTestFinished(() => watch.stop());
  expect([await watch.look(), await watch.look()]).toEqual([true, true]);
});
