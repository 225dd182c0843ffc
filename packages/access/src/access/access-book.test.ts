import { ManualClock, recordingLog, settled } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import type { DeviceRegistry, RegistryChange } from '@rollcall/core/registry';
import { beforeEach, expect, test } from 'vitest';
import type { AuthenticatedDevice } from '../authentication-result.ts';
import { AccessBook } from './access-book.ts';

/** Look-ups of tenants that wait for their answer. */
let asked: PromiseWithResolvers<{ readonly status: 'not-found' | 'unavailable' }>[];
let tell: (change: RegistryChange) => void;
let book: AccessBook;

beforeEach(() => {
  asked = [];
  const registry: Partial<DeviceRegistry> = {
    getTenant() {
      const pending = Promise.withResolvers<{ readonly status: 'not-found' }>();
      asked.push(pending as (typeof asked)[number]);
      return pending.promise;
    },
    onChange(listener) {
      tell = listener;
      return () => {};
    },
  };
  book = new AccessBook({
    registry: registry as DeviceRegistry,
    clock: new ManualClock(),
    log: recordingLog(),
    adapterType: 'hono-http',
    failed: (_where, error) => {
      throw error;
    },
  });
});

function deviceOf(name: string): AuthenticatedDevice {
  return { device: deviceRef('acme', name), authId: name } as AuthenticatedDevice;
}

async function answer(count: number): Promise<void> {
  for (const each of asked.splice(0, count)) each.resolve({ status: 'not-found' });
  await settled();
}

test('a lease that takes the place of one while the registry is asked about that ends, too', async () => {
  const identity = deviceOf('d1');
  const ended: string[] = [];
  const release = book.holdLease(identity, () => ended.push('before'));
  void book.review();
  await settled();
  release();
  const releaseNext = book.holdLease(identity, () => {
    ended.push('after');
    releaseNext();
  });
  await answer(1);
  await answer(1);
  expect([ended, asked]).toEqual([['after'], []]);
});

test('reviews of everything do not pile up: whatever comes during one is looked at by one more', async () => {
  book.holdLease(deviceOf('d1'), () => {});
  for (let count = 0; count < 5; count++) {
    tell({ type: 'everything' });
    await settled();
  }
  // A change of one device does not wait for them.
  book.holdLease(deviceOf('d2'), () => {});
  tell({ type: 'device', device: deviceRef('acme', 'd2') });
  await settled();
  expect(asked).toHaveLength(2);
  let looked = 0;
  for (; asked.length > 0; looked++) await answer(1);
  // Of d1 twice; of d2 because of its own change, and with everything.
  expect(looked).toBe(4);
});
