import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anEnding, anOutboundEvent, ManualClock, settled, recordingLog } from '@rollcall/conformance';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { OutboundEvent } from '@rollcall/core/sink';
import { createFileJournal } from '../journal/file-journal.ts';
import type { Journal, OpenEntry, PendingEvent, Place, Recovered } from '../journal/journal.ts';
import { openSqliteStore, type SqliteStore } from '../journal/store/sqlite-store.ts';
import type { Batch, JournalStore, StoreReads } from '../journal/store/stored.ts';

let directory: string;

export const stores: SqliteStore[] = [];

/** A store whose answers the test can withhold, or turn into failures. */
export class FaultyStore implements JournalStore {
  #store: SqliteStore | undefined;
  #held: (() => void)[] | undefined;
  readonly batches: Batch[] = [];
  failing = false;

  async open() {
    this.#store = openSqliteStore({
      file: join(directory, 'mqtt-0.journal'),
      durability: 'process',
      maxBytes: 100_000_000,
    });
    stores.push(this.#store);
    return this.#store.summary();
  }

  async read<What extends keyof StoreReads>(what: What, which: Parameters<StoreReads[What]>[0]) {
    if (!this.#store || this.failing) throw new Error('disk I/O error');
    const read = this.#store[what] as (asked: typeof which) => ReturnType<StoreReads[What]>;
    return read(which);
  }

  hold(): () => void {
    const held = (this.#held = [] as (() => void)[]);
    return () => {
      this.#held = undefined;
      for (const go of held) go();
    };
  }

  async apply(batch: Batch) {
    this.batches.push(batch);
    await new Promise<void>((resolve) => (this.#held ? this.#held.push(resolve) : resolve()));
    if (this.failing) throw new Error('disk I/O error');
    this.#store?.apply(batch);
  }

  async close() {
    this.crash();
  }

  /** Does what `kill -9` does: nothing more is written, and the lock is gone. */
  crash(): void {
    this.#store?.close();
    stores.splice(stores.indexOf(this.#store as SqliteStore), 1);
    this.#store = undefined;
  }
}

export function givenAJournal() {
  const clock = new ManualClock();
  const store = new FaultyStore();
  const log = recordingLog();
  const journal = createFileJournal({ store, clock, log, behindAfterMs: 50 });
  return { clock, store, log, journal };
}

export const device = deviceRef('acme', 'd1');

export function connected(id: string): OutboundEvent {
  return anOutboundEvent(`${id}+`, { device, connectionId: id as ConnectionId });
}

export function disconnected(id: string): OutboundEvent {
  const { event, downstream } = connected(id);
  return { downstream, event: anEnding(event, { id: `${id}-` as typeof event.id }) };
}

/** Everything that a new incarnation finds. */
interface Found extends Pick<Recovered, 'highWater' | 'follows' | 'rhythms' | 'proofs'> {
  readonly pending: readonly PendingEvent[];
  readonly open: readonly OpenEntry[];
  /** `events a+`: the sink, and the id of the event that was read back. */
  readonly ids: readonly string[];
  readonly events: readonly (OutboundEvent | undefined)[];
}

export async function findAll(journal: Journal): Promise<Found> {
  const { highWater, follows, rhythms, proofs, ...lists } = await journal.recover();
  const pending: PendingEvent[] = [];
  const open: OpenEntry[] = [];
  for await (const batch of lists.pending()) pending.push(...batch);
  for await (const batch of lists.open()) open.push(...batch);
  const events = await journal.read(pending.map(({ place }) => place));
  const ids = pending.flatMap(({ sinks }, index) =>
    sinks.map((sink) => `${sink} ${events[index]?.event.id}`),
  );
  return {
    ...(highWater !== undefined && { highWater }),
    ...(follows !== undefined && { follows }),
    rhythms,
    ...(proofs && { proofs }),
    pending,
    open,
    ids,
    events,
  };
}

export async function recovered(): Promise<Found> {
  const store = new FaultyStore();
  const journal = createFileJournal({ store, clock: new ManualClock(), log: silentLog, behindAfterMs: 50 });
  const found = await findAll(journal);
  store.crash();
  return found;
}

/** Keeps an event, and waits until it is safe. */
export async function keep(
  journal: Journal,
  outbound: OutboundEvent,
  sinks: readonly string[],
): Promise<Place> {
  const { place, committed } = journal.append(outbound, sinks);
  await committed;
  return place;
}

/** Lets everything happen that can happen now. */
export async function turn(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
  await settled();
}

export async function unhurried(clock: ManualClock): Promise<void> {
  await turn();
  clock.advance(50);
  await turn();
}

export async function retried(clock: ManualClock, times: number): Promise<void> {
  for (let round = 0; round < times; round++) {
    clock.advance(1_000);
    await turn();
  }
}

/** Gives a test a directory of its own. */
export function openDirectory(): void {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-journal-'));
}

export function removeDirectory(): void {
  for (const store of stores.splice(0)) store.close();
  rmSync(directory, { recursive: true });
}
