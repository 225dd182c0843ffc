import type { ConnectionId, Epoch, Timestamp } from '@rollcall/core';
import type { ReceivedConnected } from '@rollcall/hono-wire';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../received.ts';
import { device, type StoreBed } from './store-bed.ts';

export function describeHistory({ given, newDatabase }: StoreBed): void {
  describe('history', () => {
    test('comes page by page, the latest first, and is bounded by time', async () => {
      const { store } = await given();
      const begins = Array.from({ length: 7 }, (_, number) =>
        connected({ connectionId: connectionId(number), at: (1_000_000 + number * 200_000) as Timestamp }),
      );
      await store.apply(begins.flatMap((begin) => [begin, disconnected(begin)]));
      const seen: ConnectionId[] = [];
      let after: string | undefined;
      do {
        const page = await store.history(device, {
          fromMs: 0,
          toMs: 9e12,
          limit: 3,
          ...(after !== undefined && { after }),
        });
        seen.push(...page.connections.map(({ connection }) => connection.connectionId));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual(begins.map((begin) => begin.connectionId).toReversed());
      const one = await store.history(device, { fromMs: 1_250_000, toMs: 1_250_000, limit: 10 });
      expect(one.connections.map(({ connection }) => connection.connectionId)).toEqual([connectionId(1)]);
      // A text that is no cursor gives an empty page.
      expect(await store.history(device, { fromMs: 0, toMs: 9e12, limit: 3, after: 'none' })).toEqual({
        connections: [],
      });
    });

    test('is dropped after the retention, except the latest ending; late events of dropped connections open nothing', async () => {
      const { store, clock, statusOf } = await given();
      const begins = [1, 2].map((number) =>
        connected({
          connectionId: connectionId(number),
          at: (clock.now() + number * 200_000) as Timestamp,
          epoch: `01a2076b4400000${number}` as Epoch,
        }),
      );
      await store.apply(begins.flatMap((begin) => [begin, disconnected(begin)]));
      clock.advance(86_400_000);
      expect(await store.droppedThroughMs('acme')).toBeUndefined();
      expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map([['acme', 3_600_000]]) })).toBe(1);
      expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() })).toBe(0);
      expect((await store.history(device, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toHaveLength(1);
      const [first] = begins;
      if (first) await store.apply([{ ...first, announcement: true }]);
      expect(await statusOf()).toBe('offline');
    });

    test('is incomplete until the latest end of a connection that was dropped, of this tenant, for ever', async () => {
      const database = await newDatabase();
      const { store, clock } = await given(database);
      const endOf = (number: number, atMs: number) => {
        const begin = connected({ connectionId: connectionId(number), at: atMs as Timestamp });
        return [begin, disconnected(begin, { at: (atMs + 100) as Timestamp })];
      };
      const t0 = clock.now();
      await store.apply([endOf(1, t0), endOf(2, t0 + 1_000), endOf(3, t0 + 5_000)].flat());
      clock.advance(20_000);
      expect(await store.dropOld({ defaultMs: 10_000, tenantMs: new Map() })).toBe(2);
      expect(await store.droppedThroughMs('acme')).toBe(t0 + 1_100);
      // A late event of a connection that ended before is dropped, too: what is known does not begin earlier by that.
      await store.apply(endOf(4, t0 + 200));
      expect(await store.dropOld({ defaultMs: 10_000, tenantMs: new Map() })).toBe(1);
      expect(await store.droppedThroughMs('acme')).toBe(t0 + 1_100);
      expect(await store.droppedThroughMs('globex')).toBeUndefined();
      const later = await given(database, clock);
      expect(await later.store.droppedThroughMs('acme')).toBe(t0 + 1_100);
    });

    test('that is dropped takes the connections with it that it took over', async () => {
      const { store, clock, statusOf } = await given();
      const at = (number: number): Partial<ReceivedConnected> => {
        const atMs = clock.now() + number * 200_000;
        const epoch = `${atMs.toString(16).padStart(12, '0')}0000` as Epoch;
        return { connectionId: connectionId(number), at: atMs as Timestamp, epoch };
      };
      const ghost = connected({ ...at(0), slot: 'one' });
      const successor = connected({ ...at(1), slot: 'one' });
      const last = connected({ ...at(2), slot: 'other' });
      await store.apply([ghost, successor, disconnected(successor), last, disconnected(last)]);
      expect(await statusOf()).toBe('offline');
      clock.advance(86_400_000);
      expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() })).toBe(1);
      const later = connected(at(3));
      await store.apply([later, disconnected(later)]);
      expect(await statusOf()).toBe('offline');
      // Nor if its event comes again.
      await store.apply([ghost]);
      expect(await statusOf()).toBe('offline');
    });

    test('of a forgotten device is gone, in the log too', async () => {
      const { store, statusOf } = await given();
      const begin = connected({ remoteId: 'secret' });
      const position = await store.position('acme');
      await store.apply([begin, disconnected(begin)]);
      expect([await store.forget(device), await store.forget(device)]).toEqual([true, false]);
      expect(await statusOf()).toBe('unknown');
      expect((await store.history(device, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toEqual([]);
      expect(JSON.stringify(await store.changes('acme', position, 10))).not.toContain('secret');
    });

    test('of a forgotten device is deleted in portions, and other work runs in between', async () => {
      const { store, statusOf } = await given();
      const ended = Array.from({ length: 500 }, (_, number) =>
        connected({ connectionId: `c-${number}` as ConnectionId, slot: 's' }),
      ).flatMap((begin) => [begin, disconnected(begin)]);
      await store.apply([...ended, connected({ connectionId: 'open' as ConnectionId, slot: 't' })]);
      let turns = 0;
      setImmediate(() => (turns += 1));
      expect(await store.forget(device)).toBe(true);
      expect(turns).toBe(1);
      expect(await statusOf()).toBe('unknown');
      expect((await store.history(device, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toEqual([]);
      expect(await store.forget(device)).toBe(false);
    });
  });
}
