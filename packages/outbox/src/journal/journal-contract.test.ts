import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOutboundEvent } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Timestamp } from '@rollcall/core';
import { silentLog, systemClock } from '@rollcall/core/environment';
import type { OutboundEvent } from '@rollcall/core/sink';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileJournal } from './file-journal.ts';
import type { Journal, OpenEntry, Place } from './journal.ts';
import { createMemoryJournal } from './memory-journal.ts';
import { createThreadedStore } from './store/threaded-store.ts';

let directory: string;
let journal: Journal;

/** `readable`: whether it gives back what was committed to it. */
const kinds = [
  {
    kind: 'file',
    readable: true,
    create: () =>
      createFileJournal({
        store: createThreadedStore({
          file: join(directory, 'mqtt-0.journal'),
          durability: 'process',
          maxBytes: 100_000_000,
        }),
        clock: systemClock,
        log: silentLog,
        behindAfterMs: 50,
      }),
  },
  { kind: 'memory', readable: false, create: createMemoryJournal },
] as const;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-contract-'));
});
afterEach(async () => {
  await journal.close();
  rmSync(directory, { recursive: true });
});

function connected(id: string): OutboundEvent {
  return anOutboundEvent(id, { device: deviceRef('acme', id), connectionId: id as ConnectionId });
}

/** The end of a connection; its other content does not matter to a journal. */
function disconnected(id: string): OutboundEvent {
  const { event, downstream } = connected(id);
  return {
    event: { ...event, id: `${id}-`, type: 'disconnected' } as unknown as OutboundEvent['event'],
    downstream,
  };
}

async function committed(outbound: OutboundEvent, sinks: readonly string[] = ['events']): Promise<Place> {
  const kept = journal.append(outbound, sinks);
  await kept.committed;
  return kept.place;
}

async function openOf(recovered: Awaited<ReturnType<Journal['recover']>>): Promise<readonly OpenEntry[]> {
  const open: OpenEntry[] = [];
  for await (const batch of recovered.open()) open.push(...batch);
  return open;
}

describe.each(kinds)('a journal: $kind', ({ readable, create }) => {
  beforeEach(async () => {
    journal = create();
    await openOf(await journal.recover());
  });

  test('places are whole numbers that grow', async () => {
    const places: Place[] = [];
    for (const id of ['a', 'b', 'c']) places.push(await committed(connected(id)));
    expect(places.every((place) => Number.isInteger(place) && place > 0)).toBe(true);
    expect(places).toEqual([...new Set(places)].toSorted((one, other) => one - other));
  });

  test('read gives back exactly the events that it holds, in the order in which it is asked for them', async () => {
    const events = Array.from({ length: 20 }, (_, index) => connected(`c${index}`));
    const places: Place[] = [];
    for (const each of events) places.push(await committed(each));
    expect(places.map((place) => journal.holds(place))).toEqual(places.map(() => readable));
    const asked = [5, 3, 19, 3];
    expect(await journal.read(asked.map((index) => places[index] ?? 0))).toEqual(
      asked.map((index) => (readable ? events[index] : undefined)),
    );
    expect(await journal.read([])).toEqual([]);
    expect(await journal.read([1_000_000])).toEqual([undefined]);
  });

  test('read says whose event it is, and whether it is an announcement, also in a later run', async () => {
    const moved = { ...connected('moved'), announcement: true, ofAnother: true } as const;
    const relayed = { ...connected('relayed'), ofAnother: true } as const;
    const kept = [moved, relayed, disconnected('own')];
    const places: Place[] = [];
    for (const each of kept) places.push(await committed(each));
    if (readable) {
      await journal.close();
      journal = create();
      await openOf(await journal.recover());
    }
    expect(await journal.read(places)).toEqual(kept.map((each) => (readable ? each : undefined)));
  });

  test('an event that one sink has confirmed is held for the other', async () => {
    const place = await committed(disconnected('a'), ['events', 'hook']);
    journal.forget('hook', place);
    expect((await journal.read([place]))[0]?.event.id).toBe(readable ? 'a-' : undefined);
  });

  test('confirming an event twice, or one that was never appended, does nothing', async () => {
    const place = await committed(connected('a'));
    for (const each of [place, place, 1_000_000]) journal.forget('events', each);
    journal.park('hook', 1_000_001, 'no such address');
    expect(await committed(connected('b'))).toBeGreaterThan(place);
  });

  test('a new run finds the open connections, and uses later places than the run before', async () => {
    const before = await committed(connected('a'));
    await committed(connected('b'));
    await committed(disconnected('a'));
    if (readable) {
      await journal.close();
      journal = create();
    }
    const recovered = await journal.recover();
    expect((await openOf(recovered)).map(({ event }) => event.connectionId)).toEqual(['b']);
    expect(recovered.highWater).toBe(connected('b').event.epoch);
    expect(await committed(connected('c'))).toBeGreaterThan(before);
  });

  test('a connection of another adapter is open once it goes on here, and as it does here', async () => {
    const { event, ...rest } = connected('moved');
    const here = { ...event, adapter: { ...event.adapter, id: 'here' } };
    await committed({ ...rest, event: here, announcement: true, ofAnother: true });
    await committed({ ...rest, event, ofAnother: true });
    // This one ended, and goes on nowhere.
    await committed({ ...connected('ended'), ofAnother: true });
    const noted = { lastSeen: 1_767_000_000_123 as Timestamp };
    journal.note([['moved' as ConnectionId, noted]]);
    await committed(connected('own'));
    if (readable) {
      await journal.close();
      journal = create();
    }
    const open = await openOf(await journal.recover());
    expect(open.map(({ event: { adapter, connectionId } }) => [connectionId, adapter.id])).toEqual([
      ['moved', 'here'],
      ['own', event.adapter.id],
    ]);
    expect(open[0]?.noted).toEqual(noted);
  });

  test('a connection that moved here with its beginning is not open once it ended, or others publish its ending', async () => {
    for (const id of ['ends', 'told']) {
      await committed({ ...connected(id), announcement: true, ofAnother: true }, []);
      await committed({ ...connected(id), ofAnother: true }, []);
    }
    await committed(disconnected('ends'), []);
    journal.endedByOthers(['told' as ConnectionId]);
    if (readable) {
      await journal.close();
      journal = create();
    }
    expect(await openOf(await journal.recover())).toEqual([]);
  });

  test('a connection whose ending others publish is not open any more, and its waiting events still wait', async () => {
    const [told, waits] = [await committed(connected('a'), []), await committed(connected('b'))];
    await committed(connected('c'));
    journal.endedByOthers(['a', 'b', 'unknown'] as ConnectionId[]);
    expect(journal.holds(waits)).toBe(readable);
    if (readable) {
      await journal.close();
      journal = create();
    }
    const recovered = await journal.recover();
    const pending: Place[] = [];
    for await (const batch of recovered.pending()) pending.push(...batch.map(({ place }) => place));
    expect((await openOf(recovered)).map(({ event }) => event.connectionId)).toEqual(['c']);
    if (readable) expect(pending).toContain(waits);
    expect(pending).not.toContain(told);
  });
});

describe('a file with more events than memory has rows for', () => {
  const count = 12_000;

  /** A journal with many events that wait; and a run that comes after it. */
  async function givenABacklog(): Promise<{ readonly places: readonly Place[] }> {
    journal = kinds[0].create();
    await openOf(await journal.recover());
    const places: Place[] = [];
    let last: Promise<void> | undefined;
    for (let index = 0; index < count / 2; index++)
      for (const half of [connected(`c${index}`), disconnected(`c${index}`)]) {
        const kept = journal.append(half, ['events', 'hook']);
        places.push(kept.place);
        last = kept.committed;
      }
    await last;
    return { places };
  }

  async function restarted(): Promise<
    readonly { readonly place: Place; readonly sinks: readonly string[] }[]
  > {
    await journal.close();
    journal = kinds[0].create();
    const recovered = await journal.recover();
    const found: { readonly place: Place; readonly sinks: readonly string[] }[] = [];
    for await (const batch of recovered.pending()) {
      expect(batch.length).toBeLessThanOrEqual(1_000);
      found.push(...batch.map(({ place, sinks }) => ({ place, sinks })));
    }
    expect(await openOf(recovered)).toEqual([]);
    return found;
  }

  test('keeps what each sink confirmed and refused, and forgets events that no sink needs', async () => {
    const { places } = await givenABacklog();
    for (const [index, place] of places.entries()) {
      journal.forget('events', place);
      if (index % 3 === 0) journal.park('hook', place, 'no such address');
      if (index % 3 === 1) journal.forget('hook', place);
    }
    const found = await restarted();
    const expected = places.filter((_, index) => index % 3 !== 1);
    expect(found).toEqual(expected.map((place) => ({ place, sinks: ['hook'] })));
    expect(await journal.read(places.slice(0, 3))).toMatchObject([{}, undefined, {}]);
    // Refused events are tried again, and then confirmed.
    for (const { place } of found) journal.forget('hook', place);
    expect(await restarted()).toEqual([]);
  });
});
