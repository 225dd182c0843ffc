import { ManualClock, settled } from '@rollcall/conformance';
import { ScriptedRegistry } from '@rollcall/conformance/registry';
import { deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { watchRegistry } from './watch-registry.ts';

test('a registry that is away is noticed at the first look-up, and its return without any look-up', async () => {
  const clock = new ManualClock();
  const inner = new ScriptedRegistry();
  const seen: boolean[] = [];
  const { registry, stop } = watchRegistry(inner, clock, (available) => seen.push(available));
  await registry.getTenant('acme');
  inner.unavailable = true;
  await registry.getTenant('acme');
  await registry.getTenant('acme');
  expect(seen).toEqual([false]);
  await clock.advanceAsync(60_000);
  expect([seen, clock.armed]).toEqual([[false], 1]);
  inner.unavailable = false;
  await clock.advanceAsync(1_000);
  expect([seen, clock.armed]).toEqual([[false, true], 0]);

  inner.unavailable = true;
  await registry.getTenant('acme');
  stop();
  await settled();
  expect(clock.armed).toBe(0);
});

test('a registry that cannot answer for one device alone is not away', async () => {
  const clock = new ManualClock();
  const inner = new ScriptedRegistry();
  const seen: boolean[] = [];
  const missing = { status: 'unavailable', cause: new Error('missing'), onlyThis: true } as const;
  inner.assertRegistration = async () => missing;
  const { registry, stop } = watchRegistry(inner, clock, (available) => seen.push(available));
  expect(await registry.assertRegistration(deviceRef('acme', 'd1'))).toBe(missing);
  expect([seen, clock.armed]).toEqual([[], 0]);
  stop();
});

test('a registry that reports whether it can be asked is trusted, whatever its answers', async () => {
  const clock = new ManualClock();
  const listeners = new Set<(available: boolean) => void>();
  const tell = (available: boolean): void => listeners.forEach((listener) => listener(available));
  const inner = Object.assign(new ScriptedRegistry(), {
    availability: {
      now: () => false,
      onChange(listener: (available: boolean) => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  const seen: boolean[] = [];
  const { registry, stop } = watchRegistry(inner, clock, (available) => seen.push(available));
  expect(seen, 'it is away from the start').toEqual([false]);
  expect((await registry.getTenant('acme')).status, 'from what it keeps').toBe('found');
  expect(seen).toEqual([false]);
  tell(true);
  inner.unavailable = true;
  await registry.getTenant('acme');
  expect([seen, clock.armed]).toEqual([[false, true], 0]);
  stop();
  expect(listeners.size).toBe(0);
});
