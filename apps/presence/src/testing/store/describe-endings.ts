import { deviceRef, type Timestamp } from '@rollcall/core';
import type { ReceivedDisconnected } from '@rollcall/hono-wire';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../received.ts';
import type { EndingPosition, EndingsPage, EndingsQuery } from '../../store/presence-store.ts';
import type { StoreBed } from './store-bed.ts';

export function describeEndings({ given }: StoreBed): void {
  describe('endings of a tenant', () => {
    const at = Date.parse('2026-11-28T11:00:00Z');
    const ended = (number: number, endedMs: number, facts: Partial<ReceivedDisconnected> = {}) => {
      const begin = connected({
        device: deviceRef('acme', `d-${number}`),
        connectionId: connectionId(number),
        at: (endedMs - 100_000) as Timestamp,
      });
      return disconnected(begin, { at: endedMs as Timestamp, ...facts });
    };
    const hour = { fromMs: at, toMs: at + 3_600_000, limit: 100 };
    const namesOf = ({ endings }: EndingsPage): readonly string[] =>
      endings.map(({ device: { device: name } }) => name);

    test('are listed for a period, the latest first, with the present status of the device', async () => {
      const { store } = await given();
      await store.apply([
        ended(1, at),
        ended(2, at + 1, { reason: 'client-closed' }),
        ended(3, at + 3_600_000, { reason: 'adapter-lost', uncertaintyMs: 5_000 }),
        ended(4, at + 3_600_001),
        ended(5, at + 10, { device: deviceRef('other', 'd-5') }),
        connected({
          device: deviceRef('acme', 'd-2'),
          connectionId: connectionId(20),
          at: (at + 5) as Timestamp,
        }),
        connected({ device: deviceRef('acme', 'd-6'), connectionId: connectionId(6), at: at as Timestamp }),
      ]);
      const page = await store.endings('acme', hour);
      expect(page.next).toBeUndefined();
      expect(
        page.endings.map(({ device: { device: name }, status, ending }) => [
          name,
          status,
          ending.reason,
          ending.at - at,
          ending.uncertaintyMs,
        ]),
      ).toEqual([
        ['d-3', 'offline', 'adapter-lost', 3_600_000, 5_000],
        ['d-2', 'online', 'client-closed', 1, 45_000],
      ]);
      expect(await store.endings('nobody', hour)).toEqual({ endings: [] });
    });

    test('are filtered by reason, protocol and adapter', async () => {
      const { store } = await given();
      const adapter = { type: 'hono-amqp', id: 'amqp-0', instance: 'i' };
      await store.apply([
        ended(1, at + 1, { reason: 'client-closed' }),
        ended(2, at + 2, { reason: 'client-closed', protocol: 'AMQP 1.0', adapter }),
        // PostgreSQL cannot parse JSON with these texts.
        ended(3, at + 3, { protocol: 'AMQP 1.0', slot: 'a\0b\\', remoteId: '\ud800', adapter }),
      ]);
      const found = async (filter: Partial<EndingsQuery>) =>
        namesOf(await store.endings('acme', { ...hour, ...filter }));
      expect(await found({ reason: 'client-closed' })).toEqual(['d-2', 'd-1']);
      expect(await found({ protocol: 'AMQP 1.0' })).toEqual(['d-3', 'd-2']);
      expect(await found({ adapterId: 'amqp-0', reason: 'client-closed' })).toEqual(['d-2']);
      expect(await found({ reason: 'buried' })).toEqual([]);
      const counted = await store.timeline('acme', { ...hour, stepMs: 60_000 });
      expect(counted.endings).toEqual({ 'client-closed': 2, 'keepalive-timeout': 1 });
    });

    test('are on one page each while more come, even if many have the same time', async () => {
      const { store } = await given();
      const some = Array.from({ length: 40 }, (_, number) => ended(number, at + 1_000 + (number % 3)));
      await store.apply(some);
      // Several connections of one device that ended together.
      await store.apply(
        [100, 101, 102, 103].map((number) => ended(number, at + 1_001, { device: deviceRef('acme', 'd-7') })),
      );
      const seen: string[] = [];
      let after: EndingPosition | undefined;
      for (let page = 0; page < 30; page += 1) {
        const read = await store.endings('acme', { ...hour, limit: 3, ...(after && { after }) });
        expect(read.endings.length).toBeLessThanOrEqual(3);
        seen.push(...read.endings.map(({ ending }) => ending.connectionId));
        await store.apply([ended(200 + page, at + 2_000 + page), ended(300 + page, at + 1)]);
        after = read.next;
        if (!after) break;
      }
      expect(new Set(seen).size).toBe(seen.length);
      for (const { connectionId: id } of some) expect(seen).toContain(id);
      for (const number of [100, 101, 102, 103]) expect(seen).toContain(connectionId(number));
    });

    test('that few match are found page by page, and a page may be empty', async () => {
      const { store } = await given();
      const many = Array.from({ length: 4_100 }, (_, number) => ended(number, at + 10 + number));
      for (let start = 0; start < many.length; start += 500)
        await store.apply(many.slice(start, start + 500));
      await store.apply([ended(9_000, at + 1, { reason: 'buried' })]);
      const first = await store.endings('acme', { ...hour, reason: 'buried' });
      expect(namesOf(first)).toEqual([]);
      const { next } = first;
      const second = await store.endings('acme', {
        ...hour,
        reason: 'buried',
        ...(next && { after: next }),
      });
      expect([namesOf(second), second.next]).toEqual([['d-9000'], undefined]);
      // A page with exactly as many as its limit.
      const last = await store.endings('acme', { ...hour, toMs: at + 14, limit: 5 });
      expect([last.endings.length, namesOf(await store.endings('acme', { ...hour, toMs: at + 14 }))]).toEqual(
        [5, ['d-4', 'd-3', 'd-2', 'd-1', 'd-0', 'd-9000']],
      );
    });
  });
}
