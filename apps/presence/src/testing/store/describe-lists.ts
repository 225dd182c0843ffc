import { deviceRef } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { connected, connectionId } from '../received.ts';
import { describeFilters } from './describe-filters.ts';
import type { StoreBed } from './store-bed.ts';
import { threeDevices } from './three-devices.ts';

export function describeLists(bed: StoreBed): void {
  const { given } = bed;
  describeFilters(bed);

  describe('lists and counts', () => {
    test('count devices by each of their properties', async () => {
      const { store, clock } = await given();
      await store.apply(threeDevices(clock.now()));
      expect(await store.summary('acme', { flapsPerHour: 1 })).toEqual({
        byStatus: { online: 2, offline: 1, unknown: 0 },
        byProtocol: { 'MQTT 5.0': 2 },
        byReason: { 'keepalive-timeout': 1 },
        byAdapter: { 'mqtt-0': 2 },
        flapping: [{ device: deviceRef('acme', 'gone'), changes: 2 }],
      });
    });

    test('have the tenants with a known device, page by page', async () => {
      const { store } = await given();
      expect(await store.tenants({ limit: 10 })).toEqual([]);
      for (const [number, tenant] of ['c', 'a', 'Ä', 'a', 'b'].entries())
        await store.apply([
          connected({ device: deviceRef(tenant, `d-${number}`), connectionId: connectionId(number) }),
        ]);
      expect(await store.tenants({ limit: 10 })).toEqual(['a', 'b', 'c', 'Ä']);
      expect(await store.tenants({ limit: 2 })).toEqual(['a', 'b']);
      expect(await store.tenants({ limit: 2, after: 'b' })).toEqual(['c', 'Ä']);
    });
  });
}
