import { deviceRef } from '@rollcall/core';
import type { ReceivedConnected } from '@rollcall/hono-wire';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../received.ts';
import { announceIntervalMs, type StoreBed } from './store-bed.ts';

export function describeInstances({ given }: StoreBed): void {
  describe('instances of adapters:', () => {
    const ofAdapter = (id: string, instance: string) => ({ adapter: { type: 'hono-mqtt', id, instance } });

    test('each has the time of its latest event and announcement, in whatever order they come', async () => {
      const { store, clock } = await given();
      const one = connected({ ...ofAdapter('a', 'i-1'), connectionId: connectionId(1) });
      const begin = clock.now();
      await store.apply([{ ...one, announcement: true, announceIntervalMs }]);
      clock.advance(5_000);
      await store.apply([one, connected({ ...ofAdapter('a', 'i-2'), device: deviceRef('other', 'd') })]);
      const heard = { adapterId: 'a', adapterType: 'hono-mqtt', heardAtMs: begin + 5_000, connections: 1 };
      expect(await store.instances({ limit: 10 })).toEqual({
        instances: [
          { ...heard, instance: 'i-1', announcedAtMs: begin, announceIntervalMs },
          { ...heard, instance: 'i-2' },
        ],
      });
      clock.stepWall(-3_000);
      await store.apply([{ ...one, announcement: true, announceIntervalMs: 7_000 }]);
      expect((await store.instances({ instance: 'i-1', limit: 10 })).instances).toEqual([
        { ...heard, instance: 'i-1', announcedAtMs: begin + 2_000, announceIntervalMs: 7_000 },
      ]);
    });

    test('each has the number of its open connections, in whatever order events come', async () => {
      const { store, clock } = await given();
      const counted = async () =>
        Object.fromEntries(
          (await store.instances({ limit: 10 })).instances.map(({ instance, connections }) => [
            instance,
            connections,
          ]),
        );
      const begin = (number: number, instance: string, facts: Partial<ReceivedConnected> = {}) => ({
        ...connected({
          ...ofAdapter('a', instance),
          device: deviceRef(number % 2 === 0 ? 'acme' : 'other', `d-${number}`),
          connectionId: connectionId(number),
        }),
        ...facts,
      });
      const all = [0, 1, 2, 3].map((number) => begin(number, 'i-1'));
      await store.apply(all);
      await store.apply([...all, begin(4, 'i-2')]);
      expect(await counted()).toEqual({ 'i-1': 4, 'i-2': 1 });
      // Repeated endings, an ending without a `connected`, and a `connected` that comes again.
      const ends = all.slice(0, 2).map((one) => disconnected(one));
      await store.apply([...ends, ...ends, disconnected(begin(5, 'i-1'))]);
      await store.apply([...all.slice(0, 2), begin(5, 'i-1'), ...ends]);
      expect(await counted()).toEqual({ 'i-1': 2, 'i-2': 1 });
      // The next incarnation of the adapter continues a connection, and announces it.
      await store.apply([begin(2, 'i-2', { announcement: true, announceIntervalMs: 1_000 })]);
      expect(await counted()).toEqual({ 'i-1': 1, 'i-2': 2 });
      expect(await store.forget(deviceRef('acme', 'd-2'))).toBe(true);
      expect(await counted()).toEqual({ 'i-1': 1, 'i-2': 1 });
      clock.advance(10 * announceIntervalMs);
      await store.sweep();
      await store.apply([begin(9, 'i-3')]);
      expect((await counted())['i-3']).toBe(1);
    });

    test('connections whose state is unknown are not counted until they are announced again', async () => {
      const { store, clock } = await given();
      const one = {
        ...connected({ ...ofAdapter('a', 'i-1') }),
        announcement: true,
        announceIntervalMs: 1_000,
      };
      await store.apply([one]);
      const count = async () => (await store.instances({ limit: 10 })).instances[0]?.connections;
      expect(await count()).toBe(1);
      clock.advance(3_001);
      await store.sweep();
      expect(await count()).toBe(0);
      await store.apply([one]);
      expect(await count()).toBe(1);
    });

    test('endings that others publish for a dead instance are no sign of life, and its own endings are', async () => {
      const { store, clock } = await given();
      const one = connected({ ...ofAdapter('a', 'i-1'), connectionId: connectionId(1) });
      await store.apply([one]);
      const begin = clock.now();
      clock.advance(5_000);
      await store.apply([
        disconnected(one, { reason: 'adapter-lost' }),
        disconnected(one, { reason: 'taken-over' }),
      ]);
      const heardAt = async () => (await store.instances({ limit: 10 })).instances[0]?.heardAtMs;
      expect(await heardAt()).toBe(begin);
      await store.apply([disconnected(one, { reason: 'taken-over', endedEpoch: one.epoch })]);
      expect(await heardAt()).toBe(begin + 5_000);
    });

    test('they come page by page, are filtered by adapter, and are dropped after a week of silence', async () => {
      const { store, clock } = await given();
      await store.apply(
        Array.from({ length: 5 }, (_, number) =>
          connected({ ...ofAdapter(`a-${number % 2}`, `i-${number}`), connectionId: connectionId(number) }),
        ),
      );
      const seen: string[] = [];
      let page = await store.instances({ limit: 2 });
      for (; page.next; page = await store.instances({ limit: 2, after: page.next }))
        seen.push(...page.instances.map(({ instance }) => instance));
      seen.push(...page.instances.map(({ instance }) => instance));
      expect(seen).toEqual(['i-0', 'i-2', 'i-4', 'i-1', 'i-3']);
      const ofOne = await store.instances({ adapterId: 'a-1', limit: 10 });
      expect(ofOne.instances.map(({ instance }) => instance)).toEqual(['i-1', 'i-3']);
      clock.advance(8 * 24 * 3_600_000);
      await store.dropOld({ defaultMs: 1e12, tenantMs: new Map() });
      expect(await store.instances({ limit: 10 })).toEqual({ instances: [] });
    });
  });
}
