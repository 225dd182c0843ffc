import { createPresenceTable, type DevicePresence } from '@rollcall/client';
import { seededRandom } from '@rollcall/conformance';
import { deviceRef, type Timestamp } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { connected, connectionId } from '../received.ts';
import { randomStream } from './random-stream.ts';
import type { StoreBed } from './store-bed.ts';

/** The parts that must be equal. The order of open connections, and which facts of an ending are repeated, do not count. */
function comparable(presence: DevicePresence | undefined): unknown {
  if (presence?.status === 'offline') return { ...presence, ending: presence.ending.id };
  return presence && { ...presence, connections: presence.connections.map(({ connectionId: id }) => id) };
}

function shuffled<Item>(items: readonly Item[], seed: number): readonly Item[] {
  const { pick } = seededRandom(seed);
  const left = [...items];
  return items.flatMap(() => left.splice(pick(left.length), 1));
}

/** @param streams how many random streams of events are folded. */
export function describeFold({ given }: StoreBed, streams: number): void {
  describe('the fold into the database', () => {
    test.each(Array.from({ length: streams }, (_, seed) => seed))(
      'gives the result of the presence table for any order, repetitions and batches (seed %i)',
      async (seed) => {
        const { store, clock } = await given();
        const table = createPresenceTable({ clock });
        const events = randomStream(seed);
        for (const event of events) table.apply(event);
        const { pick } = seededRandom(seed + 1_000);
        const again = shuffled([...events, ...events.filter(() => pick(3) === 0)], seed + 2_000);
        for (let start = 0; start < again.length;) {
          const size = 1 + pick(8);
          await store.apply(again.slice(start, start + size));
          // A batch may be written twice: it was committed, and the confirmation was lost.
          if (pick(4) === 0) await store.apply(again.slice(start, start + size));
          start += size;
        }
        for (const name of ['d-0', 'd-1', 'd-2', 'never-seen']) {
          const ref = deviceRef('acme', name);
          const [stored] = await store.get([ref]);
          expect([name, comparable(stored?.presence)]).toEqual([name, comparable(table.get(ref))]);
        }
      },
    );

    test('writes all events of a batch, or none', async () => {
      const { store, statusOf } = await given();
      const broken = connected({ connectionId: connectionId(2), at: Number.NaN as Timestamp });
      await expect(store.apply([connected(), broken])).rejects.toThrow(Error);
      expect(await statusOf()).toBe('unknown');
    });
  });
}
