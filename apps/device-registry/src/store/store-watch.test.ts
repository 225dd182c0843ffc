import { ManualClock, settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { StoreUnavailable } from './store-unavailable.ts';
import { StoreWatch } from './store-watch.ts';

test('the watch knows whether the database answers, and sends one query at a time', async () => {
  const clock = new ManualClock();
  const asked: ((error?: Error) => void)[] = [];
  const tenant = (): Promise<undefined> =>
    new Promise((resolve, reject) => asked.push((error) => (error ? reject(error) : resolve(undefined))));
  const noticed: (string | undefined)[] = [];
  const watch = new StoreWatch({ tenant }, clock, (cause) => noticed.push(cause));
  onTestFinished(() => watch.stop());
  expect(watch.isAway).toBe(false);
  clock.advance(6_000);
  expect(asked).toHaveLength(1);
  asked[0]?.(new StoreUnavailable('away'));
  await settled();
  expect(watch.isAway).toBe(true);
  clock.advance(2_000);
  asked[1]?.();
  await settled();
  expect(watch.isAway).toBe(false);
  expect(noticed).toEqual(['away', undefined]);
});
