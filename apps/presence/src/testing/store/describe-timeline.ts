import { deviceRef, type Epoch, type Timestamp } from '@rollcall/core';
import type { ReceivedConnected } from '@rollcall/hono-wire';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../received.ts';
import type { PresenceStore } from '../../store/presence-store.ts';
import type { StoreBed } from './store-bed.ts';

export function describeTimeline({ given }: StoreBed): void {
  describe('the timeline', () => {
    const minute = 60_000;
    const online = async (store: PresenceStore, from: number, steps = 4) =>
      (
        await store.timeline('acme', { fromMs: from, toMs: from + steps * minute, stepMs: minute })
      ).points.map((point) => point.online);

    test('counts devices, not connections, at the end of each step', async () => {
      const { store, clock } = await given();
      const start = clock.now() - 600_000;
      const begin = (name: string, number: number, after: number) =>
        connected({
          device: deviceRef('acme', name),
          connectionId: connectionId(number),
          at: (start + after) as Timestamp,
        });
      const one = begin('a', 1, -1_000);
      await store.apply([
        one,
        // It overlaps with the first connection of the same device.
        begin('a', 2, 30_000),
        disconnected(one, { at: (start + 90_000) as Timestamp }),
        begin('b', 3, minute),
        disconnected(begin('c', 4, 10_000), { at: (start + 50_000) as Timestamp, reason: 'client-closed' }),
        connected({
          device: deviceRef('other', 'a'),
          connectionId: connectionId(5),
          at: start as Timestamp,
        }),
      ]);
      const query = { fromMs: start, toMs: start + 2 * minute, stepMs: minute };
      expect(await store.timeline('acme', query)).toEqual({
        points: [
          { atMs: start, online: 1, unknown: 0 },
          { atMs: start + minute, online: 2, unknown: 0 },
          { atMs: start + 2 * minute, online: 2, unknown: 0 },
        ],
        endings: { 'keepalive-timeout': 1, 'client-closed': 1 },
      });
      expect(await store.timeline('nobody', query)).toMatchObject({ endings: {} });
    });

    test('a connection that no adapter reports any more is unknown from its beginning, also once its device comes to another', async () => {
      const { store, clock, statusOf } = await given();
      const start = clock.now();
      const announcedAt = (id: string, number: number): ReceivedConnected => ({
        ...connected({
          adapter: { type: 'hono-http', id, instance: `${id}-1` },
          connectionId: connectionId(number),
          protocol: id === 'first' ? 'HTTP' : 'MQTT',
          at: clock.now(),
        }),
        announcement: true,
        announceIntervalMs: minute,
      });
      const lost = announcedAt('first', 1);
      await store.apply([lost]);
      clock.advance(4 * minute);
      while (await store.sweep());
      await store.apply([announcedAt('second', 2)]);
      while (await store.sweep());
      expect(await statusOf()).toBe('online');
      const counts = async () =>
        (
          await store.timeline('acme', { fromMs: start, toMs: start + 4 * minute, stepMs: 2 * minute })
        ).points.map((point) => [point.online, point.unknown]);
      expect(await counts()).toEqual([
        [0, 1],
        [0, 1],
        [1, 1],
      ]);
      const { byAdapter, byProtocol } = await store.summary('acme', { flapsPerHour: 10 });
      expect({ byAdapter, byProtocol }).toEqual({ byAdapter: { second: 1 }, byProtocol: { MQTT: 1 } });
      const connectionsOf = async () =>
        (await store.instances({ limit: 10 })).instances.map(({ connections }) => connections);
      expect(await connectionsOf()).toEqual([0, 1]);
      // It is reported after all.
      await store.apply([lost]);
      expect(await connectionsOf()).toEqual([1, 1]);
      expect(await counts()).toEqual([
        [1, 0],
        [1, 0],
        [1, 0],
      ]);
      expect((await store.summary('acme', { flapsPerHour: 10 })).byAdapter).toEqual({ first: 1 });
    });

    test('a connection that was unknown, and whose end came later, was online until then', async () => {
      const { store, clock, statusOf } = await given();
      const start = clock.now();
      const lost = {
        ...connected({ at: start }),
        announcement: true,
        announceIntervalMs: minute,
      };
      await store.apply([lost]);
      clock.advance(4 * minute);
      await store.sweep();
      expect(await statusOf()).toBe('unknown');
      await store.apply([disconnected(lost)]);
      const query = { fromMs: start, toMs: start + 2 * minute, stepMs: minute };
      expect((await store.timeline('acme', query)).points).toEqual(
        [1, 1, 0].map((number, step) => ({ atMs: start + step * minute, online: number, unknown: 0 })),
      );
    });

    test('counts a connection without an ending until another one took its slot', async () => {
      const { store, clock } = await given();
      const start = clock.now() - 600_000;
      const holder = (number: number, after: number) =>
        connected({
          connectionId: connectionId(number),
          at: (start + after) as Timestamp,
          slot: 's',
          epoch: `${(start + after).toString(16).padStart(12, '0')}0000` as Epoch,
        });
      const second = holder(2, 90_000);
      await store.apply([
        holder(1, 0),
        second,
        disconnected(second, { at: (start + 150_000) as Timestamp, endedEpoch: second.epoch }),
      ]);
      expect(await online(store, start)).toEqual([1, 1, 1, 0, 0]);
    });
  });
}
