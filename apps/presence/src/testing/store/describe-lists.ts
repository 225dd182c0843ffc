import { deviceRef, type Timestamp } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../received.ts';
import type { StoreBed } from './store-bed.ts';

export function describeLists({ given }: StoreBed): void {
  describe('lists and counts', () => {
    test('filter by each property of a device', async () => {
      const { store, clock } = await given();
      const at = clock.now();
      const gone = connected({ device: deviceRef('acme', 'gone'), connectionId: connectionId(1), at });
      await store.apply([
        gone,
        disconnected(gone, { protocol: 'AMQP 1.0' }),
        connected({ device: deviceRef('acme', 'here'), connectionId: connectionId(2), at }),
        connected({
          device: deviceRef('acme', 'here-too'),
          connectionId: connectionId(3),
          at: (at + 50) as Timestamp,
        }),
      ]);
      const names = async (query: object): Promise<readonly string[]> =>
        (await store.list('acme', { limit: 10, ...query })).devices.map(
          ({ presence }) => presence.device.device,
        );
      expect(await names({})).toEqual(['gone', 'here', 'here-too']);
      expect(await names({ status: 'online' })).toEqual(['here', 'here-too']);
      expect(await names({ reason: 'keepalive-timeout' })).toEqual(['gone']);
      expect(await names({ protocol: 'AMQP 1.0' })).toEqual(['gone']);
      expect(await names({ sinceMs: at + 1, status: 'online' })).toEqual(['here-too']);
      expect(await names({ q: 'here-' })).toEqual(['here-too']);
      expect(await names({ q: 'ere' })).toEqual([]);
      expect(await names({ after: 'gone' })).toEqual(['here', 'here-too']);
      expect(await store.list('other', { limit: 10 })).toEqual({ devices: [] });
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
