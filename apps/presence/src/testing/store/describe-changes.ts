import { ManualClock } from '@rollcall/conformance';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { connected } from '../received.ts';
import type { StoreBed } from './store-bed.ts';

export function describeChanges({ newDatabase, given }: StoreBed): void {
  describe('the log of changes', () => {
    test('has each change of a tenant once, and nothing for repeated events', async () => {
      const { store } = await given();
      const begin = connected();
      const position = await store.position('acme');
      let wakes = 0;
      store.onWake(() => (wakes += 1));
      await store.apply([begin, connected({ device: deviceRef('other', 'd') })]);
      await store.apply([begin]);
      const read = await store.changes('acme', position, 10);
      expect(read !== 'gone' && read.changes.map(({ device: { presence } }) => presence.status)).toEqual([
        'online',
      ]);
      expect(await store.changes('acme', read === 'gone' ? '' : read.position, 10)).toMatchObject({
        changes: [],
      });
      await expect.poll(() => wakes, { timeout: 30_000 }).toBeGreaterThan(0);
    });

    test('accepts its own positions after it was opened again, and no others', async () => {
      const database = await newDatabase();
      const first = await given(database);
      await first.store.apply([connected()]);
      const position = await first.store.position('acme');
      await first.store.close();
      const { store } = await given(database);
      expect(await store.changes('acme', position, 10)).toMatchObject({ changes: [] });
      const foreign = await (await given()).store.position('acme');
      for (const id of [
        foreign,
        '',
        '-1',
        `${position}0`,
        position.replace('-', ''),
        `${position};`,
        '0-0',
        'x-1',
      ])
        expect([id, await store.changes('acme', id, 10)]).toEqual([id, 'gone']);
    });

    test('reaches back over a bounded number of changes', async () => {
      const { store } = await given(await newDatabase(), new ManualClock(), 50);
      const position = await store.position('acme');
      for (let batch = 0; batch < 6; batch += 1)
        await store.apply(
          Array.from({ length: 10 }, (_, number) =>
            connected({
              device: deviceRef('acme', `d-${batch}-${number}`),
              connectionId: `${batch}-${number}` as ConnectionId,
            }),
          ),
        );
      expect(await store.changes('acme', position, 1)).not.toBe('gone');
      expect(await store.dropOld({ defaultMs: 1e12, tenantMs: new Map() })).toBe(10);
      expect(await store.changes('acme', position, 1)).toBe('gone');
    });
  });
}
