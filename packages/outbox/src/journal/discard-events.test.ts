import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOutboundEvent } from '@rollcall/conformance';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import type { OutboundEvent } from '@rollcall/core/sink';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deviceNumber } from './device-number.ts';
import { discardEvents } from './discard-events.ts';
import { inspectJournal } from './inspect-journal.ts';
import { openSqliteStore, type SqliteStore } from './store/sqlite-store.ts';
import type { Standing } from './store/stored.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-discard-'));
  file = join(directory, 'mqtt-0.journal');
});
afterEach(() => rmSync(directory, { recursive: true }));

const device = deviceRef('acme', 'd1');
const number = deviceNumber(device.device);

function half(
  connection: string,
  type: 'connected' | 'disconnected',
  coalesced?: number,
): OutboundEvent['event'] {
  const { event } = anOutboundEvent(`${connection} ${type}`, {
    device,
    connectionId: connection as ConnectionId,
  });
  return { ...event, type, ...(coalesced !== undefined && { coalesced }) } as OutboundEvent['event'];
}

type Row = readonly [event: OutboundEvent['event'], standing: Partial<Standing>, beside?: object];

function given(rows: readonly Row[], pairs = 0): void {
  const store = openSqliteStore({ file, durability: 'process', maxBytes: 100_000_000 });
  store.apply({
    removed: [],
    inserted: rows.map(([event, standing, beside = {}], index) => ({
      seq: index + 1,
      facts: JSON.stringify(event),
      downstream: JSON.stringify(beside),
      standing: { open: false, waiting: [], parked: {}, ...standing },
    })),
    updated: [],
    settled: [],
    rhythms: [],
    ...(pairs > 0 && { owed: [{ sink: 'old', tenant: 'acme', device: number, pairs }] }),
  });
  store.close();
}

const all = { after: 0, upTo: 1_000_000, limit: 1_000_000 };

function looking<Result>(look: (store: SqliteStore) => Result): Result {
  const store = openSqliteStore({ file, durability: 'process', maxBytes: 100_000_000 });
  const result = look(store);
  store.close();
  return result;
}

test('events that wait for a removed sink, or that it refused, are discarded; other sinks and open connections keep theirs', () => {
  given([
    [half('a', 'connected'), { waiting: ['old', 'events'] }],
    [half('a', 'disconnected'), { waiting: ['old'] }],
    [half('b', 'connected'), { parked: { old: 'no' } }],
    [half('b', 'disconnected'), { parked: { old: 'no', events: 'no' } }],
    [half('c', 'disconnected'), { waiting: ['old'] }],
    [half('open', 'connected'), { open: true, waiting: ['old'], lastSeen: 5 }],
    [half('other', 'connected'), { open: true, waiting: ['events'] }],
  ]);
  expect(discardEvents(file, 'old')).toEqual({ events: 6, connections: 2, ends: 1 });
  const view = inspectJournal(file);
  expect(view.status()).toMatchObject({
    openSessions: 2,
    sinks: [{ sink: 'events', waiting: 2, parked: 1 }],
  });
  view.close();
  expect(looking((store) => store.open(all).map(({ standing }) => standing))).toMatchObject([
    { open: true, waiting: [], lastSeen: 5 },
    { open: true, waiting: ['events'] },
  ]);
  expect(looking((store) => store.events([1, 2, 3, 4, 5, 6, 7]).map(({ seq }) => seq))).toEqual([1, 4, 6, 7]);
});

test('discarded connections count as left out, and so do those that their events would have reported', () => {
  given(
    [
      [half('a', 'connected', 4), { waiting: ['old'] }],
      [half('a', 'disconnected'), { waiting: ['old'] }],
      [half('open', 'connected', 2), { open: true, waiting: ['old'] }],
    ],
    10,
  );
  discardEvents(file, 'old');
  // This connection, and those that were owed before: by the events, and by the journal.
  expect(looking((store) => store.owed(all))).toMatchObject([
    { sink: 'old', tenant: 'acme', device: number, pairs: 17 },
  ]);
});

test('connections that another adapter began do not count as left out, nor what it left out itself', () => {
  const old = { waiting: ['old'] };
  const ofAnother = { ofAnother: true };
  given([
    [half('moved here', 'connected', 3), old, { ...ofAnother, announcement: true }],
    [half('moved here', 'disconnected', 2), old],
    [half('of a dead one', 'connected', 4), old, ofAnother],
    [half('of a dead one', 'disconnected', 5), old, ofAnother],
    [half('moved away', 'connected'), old],
    [half('moved away', 'disconnected', 6), old, ofAnother],
    [half('a', 'connected'), old],
    [half('a', 'disconnected'), old],
  ]);
  expect(discardEvents(file, 'old')).toEqual({ events: 8, connections: 1, ends: 3 });
  expect(looking((store) => store.owed(all).map(({ pairs }) => pairs))).toEqual([3]);
});

test('more events than fit in a page are discarded, too', () => {
  given(
    Array.from({ length: 5_001 }, (_, index): readonly Row[] => [
      [half(`c${index}`, 'connected'), { waiting: ['old'] }],
      [half(`c${index}`, 'disconnected'), { waiting: ['old'] }],
    ]).flat(),
  );
  expect(discardEvents(file, 'old')).toEqual({ events: 10_002, connections: 5_001, ends: 0 });
  expect(looking((store) => [store.pending(all), store.owed(all).map(({ pairs }) => pairs)])).toEqual([
    [],
    [5_001],
  ]);
});

test('a journal is not changed if nothing waits for the sink, or while an adapter runs on it', () => {
  given([[half('a', 'connected'), { waiting: ['events'] }]]);
  expect(discardEvents(file, 'old')).toEqual({ events: 0, connections: 0, ends: 0 });
  const adapter = openSqliteStore({ file, durability: 'process', maxBytes: 100_000_000 });
  expect(() => discardEvents(file, 'events')).toThrow('another process has it open');
  expect(adapter.pending(all)).toHaveLength(1);
  adapter.close();
});
