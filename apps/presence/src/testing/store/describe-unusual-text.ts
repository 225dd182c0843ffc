import { deviceRef, type Epoch, type Timestamp } from '@rollcall/core';
import { nastyStrings } from '@rollcall/conformance/hostile';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../received.ts';
import { device, type StoreBed } from './store-bed.ts';

export function describeUnusualText({ given }: StoreBed): void {
  describe('unusual text:', () => {
    /** 256 characters of four bytes each, which no database can compress. */
    const long = Array.from({ length: 256 }, (_, at) =>
      String.fromCodePoint(0x2_0000 + ((at * 7_919) % 40_000)),
    ).join('');
    const ids = Object.entries({ ...nastyStrings, 'a quote': `o'brien"--;`, 'as long as allowed': long })
      // The service leaves out events with such ids.
      .filter(([, text]) => text.isWellFormed() && !text.includes('\0'));

    test('a device with such a tenant, id and slot is stored and found', async () => {
      const { store } = await given();
      for (const [what, id] of ids) {
        const [name, other] = [deviceRef(id, id), deviceRef(id, `${id}2`)];
        const position = await store.position(id);
        const short = id.slice(0, 100);
        const begin = connected({
          ...{ device: name, remoteId: id, slot: id, protocol: id, remoteAddress: id },
          adapter: { type: short, id: short, instance: short },
        });
        await store.apply([begin, connected({ device: other, connectionId: connectionId(2) })]);
        await store.apply([disconnected(begin, { reason: short })]);
        const [stored] = await store.get([name]);
        expect([what, stored?.presence.status, stored?.lastEnding?.remoteId]).toEqual([what, 'offline', id]);
        const listed = async (query: object): Promise<readonly unknown[]> =>
          (await store.list(id, { limit: 10, ...query })).devices.map(({ presence }) => presence.device);
        expect(await listed({ q: id })).toEqual([name, other]);
        expect(await listed({ q: `${id}2` })).toEqual([other]);
        expect(await listed({ after: id })).toEqual([other]);
        expect(await listed({ protocol: id, reason: short })).toEqual([name]);
        const read = await store.changes(id, position, 10);
        expect(read !== 'gone' && read.changes.map((change) => change.device.presence.device)).toEqual([
          ...[name, other, name],
        ]);
        expect((await store.history(name, { fromMs: 0, toMs: 9e12, limit: 10 })).connections).toHaveLength(1);
      }
      const tenants = ids
        .map(([, id]) => id)
        .toSorted((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
      expect(await store.tenants({ limit: 100 })).toEqual(tenants);
      for (const [, id] of ids) expect(await store.forget(deviceRef(id, id))).toBe(true);
    });

    test.each([
      [
        'longer than an index can hold',
        Array.from({ length: 20_000 }, (_, at) => (at * 7_919).toString(36))
          .join('')
          .slice(0, 60_000),
      ],
      ['with U+0000', 'a\0b'],
    ])('a slot %s is held by one connection at a time', async (_what, slot) => {
      const { store, clock, statusOf } = await given();
      const holder = (number: number, held: string) => {
        const atMs = clock.now() + number * 200_000;
        return connected({
          connectionId: connectionId(number),
          at: atMs as Timestamp,
          epoch: `${atMs.toString(16).padStart(12, '0')}0000` as Epoch,
          slot: held,
        });
      };
      const [first, second, other] = [holder(1, slot), holder(2, slot), holder(3, `${slot}!`)];
      await store.apply([first, second, other]);
      const [stored] = await store.get([device]);
      expect(stored?.presence).toMatchObject({
        connections: [{ connectionId: second.connectionId, slot }, { connectionId: other.connectionId }],
      });
      await store.apply([disconnected(second), disconnected(other)]);
      expect(await statusOf()).toBe('offline');
    });
  });
}
