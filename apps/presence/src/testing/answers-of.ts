import { deviceRef } from '@rollcall/core';
import type { PresenceStore } from '../store/presence-store.ts';

/** What a store says of the devices of `stream`. */
export async function answersOf(store: PresenceStore): Promise<object> {
  const devices = ['d-0', 'd-1', 'd-2'].map((device) => deviceRef('acme', device));
  return {
    devices: await store.get(devices),
    list: await store.list('acme', { limit: 100 }),
    summary: await store.summary('acme', { flapsPerHour: 1 }),
    history: await Promise.all(
      devices.map((device) =>
        store.history(device, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 100 }),
      ),
    ),
    changes: await store.changes('acme', await store.position('acme'), 100),
  };
}
