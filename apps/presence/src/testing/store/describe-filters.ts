import { describe, expect, test } from 'vitest';
import type { DeviceQuery } from '../../store/presence-store.ts';
import type { StoreBed } from './store-bed.ts';
import { threeDevices } from './three-devices.ts';

/** Which devices a list has. The store in memory must pass this, too: tests of the API use it. */
export function describeFilters({ given }: Pick<StoreBed, 'given'>): void {
  describe('a list of devices', () => {
    test.each<[string, Partial<DeviceQuery>, readonly string[]]>([
      ['nothing', {}, ['gone', 'here', 'here-too']],
      ['status', { status: 'online' }, ['here', 'here-too']],
      ['reason', { reason: 'keepalive-timeout' }, ['gone']],
      ['protocol of the last connection', { protocol: 'AMQP 1.0' }, ['gone']],
      ['protocol of an open connection', { protocol: 'MQTT 5.0' }, ['here', 'here-too']],
      ['protocol that none has', { protocol: 'LoRa' }, []],
      ['time of the last change', { sinceMs: 1 }, ['gone', 'here-too']],
      ['time and status', { sinceMs: 1, status: 'online' }, ['here-too']],
      ['beginning of the id', { q: 'here-' }, ['here-too']],
      ['middle of the id', { q: 'ere' }, []],
      ['place in the list', { after: 'gone' }, ['here', 'here-too']],
    ])('is filtered by %s', async (_what, { sinceMs, ...query }, ids) => {
      const { store, clock } = await given();
      const at = clock.now();
      await store.apply(threeDevices(at));
      const since = sinceMs === undefined ? {} : { sinceMs: at + sinceMs };
      const { devices } = await store.list('acme', { limit: 10, ...since, ...query });
      expect(devices.map(({ presence }) => presence.device.device)).toEqual(ids);
      expect(await store.list('other', { limit: 10 })).toEqual({ devices: [] });
    });
  });
}
