import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOutboundEvent, ManualClock, settled, recordingLog } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Timestamp } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { OutboundEvent } from '@rollcall/core/sink';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileJournal } from './file-journal.ts';
import type { HeldEvent, Holdings, OpenEntry, PendingEvent } from './journal.ts';
import { openSqliteStore, type SqliteStore } from './store/sqlite-store.ts';
import type { JournalStore, StoreCondition } from './store/stored.ts';

let directory: string;
let opened: SqliteStore | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-destroyed-'));
});
afterEach(() => {
  opened?.close();
  opened = undefined;
  rmSync(directory, { recursive: true });
});

/** A store whose file the test destroys; the next check of it begins a new one, which is empty. */
function destructible() {
  let files = 0;
  let isDestroyed = false;
  let isSilent = false;
  let held: Promise<void> | undefined;
  const conditions: StoreCondition[] = [];
  const openNext = (): SqliteStore => {
    opened?.close();
    files += 1;
    opened = openSqliteStore({ file: fileOf(files), durability: 'process', maxBytes: 100_000_000 });
    return opened;
  };
  const current = (): SqliteStore => {
    if (isDestroyed || !opened) throw new Error('another process has written to it');
    return opened;
  };
  const store: JournalStore = {
    open: async () => openNext().summary(),
    read: async (what, which) => current()[what](which as never) as never,
    async apply(batch) {
      current().apply(batch);
      await held;
    },
    async check() {
      if (isSilent) await new Promise(() => {});
      const said = conditions.shift();
      if (said) return said;
      if (!isDestroyed) return { state: 'whole' };
      isDestroyed = false;
      openNext();
      return { state: 'begun-anew', problem: 'another process has written to it', from: 'nothing' };
    },
    async close() {
      opened?.close();
      opened = undefined;
    },
  };
  return {
    store,
    conditions,
    destroy: () => void (isDestroyed = true),
    fallSilent: () => void (isSilent = true),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
  };
  function fileOf(count: number): string {
    return join(directory, `${count}.journal`);
  }
}

function given() {
  const clock = new ManualClock();
  const log = recordingLog();
  const disk = destructible();
  const journal = createFileJournal({ store: disk.store, clock, log, behindAfterMs: 50 });
  return { clock, log, journal, ...disk };
}

const device = deviceRef('acme', 'd1');
const noted = { lastSeen: 1_767_268_800_500 as Timestamp };
const key = Buffer.alloc(32, 7);
const gaps = { count: 1, meanMs: 2, deviationMs: 3, recentMs: [4] };
const nothingElse: Omit<Holdings, 'waiting'> = { owed: [], rhythms: [], proofs: { key, proofs: [] } };

function connected(id: string): OutboundEvent {
  return anOutboundEvent(`${id}+`, { device, connectionId: id as ConnectionId });
}

function ended(id: string): OutboundEvent {
  const { event, downstream } = connected(id);
  return {
    event: { ...event, id: `${id}-`, type: 'disconnected' } as unknown as OutboundEvent['event'],
    downstream,
  };
}

/** What the next incarnation finds in the present file. */
async function foundNow() {
  const store = opened;
  if (!store) throw new Error('no file');
  const journal = createFileJournal({
    store: {
      open: async () => store.summary(),
      read: async (what, which) => store[what](which as never) as never,
      apply: async () => {},
      close: async () => {},
    },
    clock: new ManualClock(),
    log: silentLog,
    behindAfterMs: 50,
  });
  const recovered = await journal.recover();
  const pending: PendingEvent[] = [];
  const open: OpenEntry[] = [];
  for await (const page of recovered.pending()) pending.push(...page);
  for await (const page of recovered.open()) open.push(...page);
  const events = await journal.read(pending.map(({ place }) => place));
  return { ...recovered, pending, open, events };
}

/** Waits until the next check, and until its changes are stored. */
async function looked(clock: ManualClock): Promise<void> {
  await clock.advanceAsync(1_000);
  await clock.advanceAsync(1_000);
  await settled();
}

describe('a journal whose file was destroyed', () => {
  test('gets back all that is in memory: open connections, waiting events, owed counts, rhythms, proofs, epoch and instance', async () => {
    const { clock, log, journal, destroy } = given();
    await journal.recover();
    journal.usedBy('instance-1');
    const open = connected('open');
    const waits = connected('waits');
    const confirmed = journal.append(open, ['events']);
    const kept = [waits, ended('gone')].map((outbound) => ({
      outbound,
      place: journal.append(outbound, ['events', 'hook']).place,
    }));
    await confirmed.committed;
    journal.forget('events', confirmed.place);
    journal.note([['open' as ConnectionId, noted]]);
    await looked(clock);
    const owed = [{ sink: 'events', tenant: 'acme', device: 5, pairs: 3 }];
    const proofs = { key, proofs: [{ name: 'd1', hash: 'h', at: 5 as Timestamp }] };
    journal.backedBy(() => ({
      waiting: () =>
        kept.flatMap(({ place, outbound }) => ['events', 'hook'].map((sink) => ({ place, sink, outbound }))),
      owed,
      rhythms: [['d1', gaps]],
      proofs,
    }));

    destroy();
    await looked(clock);
    const found = await foundNow();
    expect(found.open).toEqual([{ event: open.event, noted }, { event: waits.event }]);
    expect(found.pending).toMatchObject(kept.map(({ place }) => ({ place, sinks: ['events', 'hook'] })));
    expect(found.events).toEqual(kept.map(({ outbound }) => outbound));
    expect(found).toMatchObject({
      highWater: open.event.epoch,
      follows: 'instance-1',
      owed,
      proofs,
      rhythms: [['d1', gaps]],
    });
    expect(log.lines).toEqual([
      {
        level: 'error',
        facts: { cause: 'another process has written to it', lost: 0 },
        message: 'a new journal was begun, with what is in memory',
      },
    ]);
    expect(journal.begunAnew).toBe(1);
  });

  test('logs how many events it lost, forgets them, and stores again open connections and events that were never sent', async () => {
    const { clock, log, journal, destroy } = given();
    await journal.recover();
    const waiting: HeldEvent[] = [];
    for (const outbound of [connected('open'), ended('lost')]) {
      const { place, committed } = journal.append(outbound, ['events']);
      await committed;
      waiting.push({ place, sink: 'events' });
    }
    journal.backedBy(() => ({ ...nothingElse, waiting: () => waiting }));
    destroy();
    await looked(clock);
    const found = await foundNow();
    expect(found.events).toMatchObject([{ event: { id: 'open+' } }]);
    expect(found.events[0]?.downstream).toEqual({ defaults: {} });
    expect(log.lines).toMatchObject([{ facts: { lost: 1 } }]);
    expect(await journal.read(waiting.map(({ place }) => place))).toMatchObject([
      { event: { id: 'open+' } },
      undefined,
    ]);
  });

  test('stores an announcement that it alone had as one', async () => {
    const { clock, journal, destroy } = given();
    await journal.recover();
    const moved = { ...connected('moved'), announcement: true, ofAnother: true } as const;
    const { place, committed } = journal.append(moved, ['events']);
    await committed;
    journal.backedBy(() => ({ ...nothingElse, waiting: () => [{ place, sink: 'events' }] }));
    destroy();
    await looked(clock);
    expect((await foundNow()).events).toEqual([{ ...moved, downstream: { defaults: {} } }]);
  });

  test('a batch that was lost with the old file is stored again', async () => {
    const { clock, journal, destroy, hold } = given();
    await journal.recover();
    const before = journal.append(connected('before'), ['events']);
    await before.committed;
    const release = hold();
    const during = journal.append(connected('during'), ['events']);
    journal.forget('events', before.place);
    await clock.advanceAsync(50);
    journal.backedBy(() => ({
      ...nothingElse,
      waiting: () => [{ place: during.place, sink: 'events', outbound: connected('during') }],
    }));
    // The file is destroyed while the answer for the batch is on its way.
    destroy();
    await clock.advanceAsync(1_000);
    release();
    await looked(clock);
    const found = await foundNow();
    expect(found.open.map(({ event }) => event.connectionId)).toEqual(['before', 'during']);
    expect(found.pending.map(({ place }) => place)).toEqual([during.place]);
  });

  test('closing it restores what was there', async () => {
    const { journal, destroy } = given();
    await journal.recover();
    const outbound = connected('open');
    const { place, committed } = journal.append(outbound, ['events']);
    await committed;
    journal.backedBy(() => ({ ...nothingElse, waiting: () => [{ place, sink: 'events', outbound }] }));
    destroy();
    await journal.close();
    opened = openSqliteStore({
      file: join(directory, '2.journal'),
      durability: 'process',
      maxBytes: 100_000_000,
    });
    expect((await foundNow()).open).toEqual([{ event: outbound.event }]);
  });

  test('is checked when a write to it fails, and the log has only that cause', async () => {
    const { clock, log, journal, destroy } = given();
    await journal.recover();
    const waiting: HeldEvent[] = [];
    journal.backedBy(() => ({ ...nothingElse, waiting: () => waiting }));
    destroy();
    const outbound = connected('a');
    const { place } = journal.append(outbound, ['events']);
    waiting.push({ place, sink: 'events', outbound });
    await settled();
    await clock.advanceAsync(900);
    await looked(clock);
    expect(log.lines).toHaveLength(1);
    expect((await foundNow()).open).toEqual([{ event: outbound.event }]);
  });
});

describe('a journal that is watched', () => {
  test('that another process wrote to, and that is consistent, is written again, with a warning, and is not behind', async () => {
    const { clock, log, journal, conditions } = given();
    await journal.recover();
    const { committed } = journal.append(connected('a'), ['events']);
    await committed;
    let asked = 0;
    journal.backedBy(() => {
      asked += 1;
      return { ...nothingElse, waiting: () => [] };
    });
    conditions.push({ state: 'doubtful', problem: 'another process has written to it' });
    await looked(clock);
    expect(asked).toBe(1);
    expect(journal.behind()).toBe(false);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  });

  test('is checked less often while a new file is begun again and again, but at least every five seconds', async () => {
    const { clock, journal, conditions } = given();
    await journal.recover();
    const removed: StoreCondition = { state: 'begun-anew', problem: 'it was removed', from: 'all' };
    for (let round = 0; round < 10; round++) conditions.push(removed);
    await clock.advanceAsync(31_000);
    // After 1, 3, 7, 11, … s.
    expect(journal.begunAnew).toBe(9);
  });

  test('is behind while it cannot be kept, and says so once for each cause, and when it is over', async () => {
    const { clock, log, journal, conditions } = given();
    await journal.recover();
    conditions.push(
      { state: 'away', problem: 'no such directory' },
      { state: 'away', problem: 'no such directory' },
      { state: 'away', problem: 'read-only file system' },
    );
    const seen: boolean[] = [];
    for (let second = 0; second < 5; second++) {
      await clock.advanceAsync(1_000);
      seen.push(journal.behind());
    }
    expect(seen).toEqual([true, true, true, false, false]);
    expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual([
      ['error', { cause: 'no such directory' }],
      ['error', { cause: 'read-only file system' }],
      ['info', {}],
    ]);
  });

  test('is behind for ten seconds after a new file was begun, so that probes see it', async () => {
    const { clock, journal, conditions } = given();
    await journal.recover();
    conditions.push({ state: 'begun-anew', problem: 'it was removed', from: 'all' });
    await clock.advanceAsync(1_000);
    expect(journal.behind()).toBe(true);
    await clock.advanceAsync(9_999);
    expect(journal.behind()).toBe(true);
    await clock.advanceAsync(1);
    expect(journal.behind()).toBe(false);
  });

  test('is behind while its disk does not answer, even if nothing has to be stored', async () => {
    const { clock, journal, fallSilent } = given();
    await journal.recover();
    fallSilent();
    await clock.advanceAsync(5_000);
    expect(journal.behind()).toBe(false);
    await clock.advanceAsync(1);
    expect(journal.behind()).toBe(true);
  });
});
