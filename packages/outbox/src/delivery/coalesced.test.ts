import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOutboundEvent, ManualClock, RecordingSink, seededRandom, settled } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { ConnectionEvent, DisconnectedEvent } from '@rollcall/core/events';
import type { Delivery, EventSink } from '@rollcall/core/sink';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFileJournal } from '../journal/file-journal.ts';
import type { OpenEntry } from '../journal/journal.ts';
import { openSqliteStore, type SqliteStore } from '../journal/store/sqlite-store.ts';
import type { Batch, JournalStore, StoreReads } from '../journal/store/stored.ts';
import type { Outbox } from './outbox-contract.ts';
import { createOutbox } from './outbox.ts';
import { closeOutboxes, connected, disconnected, givenAnOutbox, retryable } from '../testing/given-outbox.ts';

const devices = ['d0', 'd1', 'd2'];
/** More in the soak. */
const seeds = Array.from({ length: process.env['ROLLCALL_FUZZ_CASES'] ? 100 : 4 }, (_, index) => index + 1);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-coalesced-'));
});
afterEach(async () => {
  await closeOutboxes();
  rmSync(directory, { recursive: true });
});

/** A store that is slow, or fails, when the test says so; and that can crash at any point. */
class CrashingStore implements JournalStore {
  #store: SqliteStore | undefined;
  #waiting: (() => void)[] = [];
  slow = false;
  failing = false;
  crashed = false;

  async open() {
    this.#store = openSqliteStore({
      file: join(directory, 'journal'),
      durability: 'process',
      maxBytes: 100_000_000,
    });
    return this.#store.summary();
  }
  async read<What extends keyof StoreReads>(what: What, which: Parameters<StoreReads[What]>[0]) {
    if (!this.#store) throw new Error('it was ended');
    return (this.#store[what] as (asked: typeof which) => ReturnType<StoreReads[What]>)(which);
  }
  async apply(batch: Batch) {
    if (this.slow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (!this.#store || this.failing) throw new Error('disk I/O error');
    this.#store.apply(batch);
  }
  hurry(): void {
    this.slow = false;
    for (const go of this.#waiting.splice(0)) go();
  }
  async close() {
    this.#end();
  }
  crash(): void {
    this.crashed = true;
    this.#end();
  }
  #end(): void {
    this.#store?.close();
    this.#store = undefined;
    this.hurry();
  }
}

interface Halves {
  readonly device: string;
  /** Whether each half will outlive a crash. */
  began: boolean;
  ended: boolean;
}

/** One adapter after the other on one journal, and what really happened. */
class World {
  readonly clock = new ManualClock();
  readonly events: RecordingSink;
  readonly logging = new RecordingSink('logging', () => ({ status: 'delivered' }));
  readonly truth = new Map<string, Halves>();
  readonly sinks: readonly ('events' | 'logging')[];
  readonly disk: 'good disk' | 'bad disk';
  readonly #random: ReturnType<typeof seededRandom>;
  #open = new Map<string, string>();
  #count = 0;
  away = false;
  store = new CrashingStore();
  outbox!: Outbox;

  constructor(
    seed: number,
    sinks: readonly ('events' | 'logging')[],
    disk: 'good disk' | 'bad disk' = 'bad disk',
  ) {
    this.sinks = sinks;
    this.disk = disk;
    this.#random = seededRandom(seed);
    this.events = new RecordingSink('events', () => (this.away ? retryable : { status: 'delivered' }));
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  async start(): Promise<void> {
    this.store = new CrashingStore();
    const journal = createFileJournal({
      store: this.store,
      clock: this.clock,
      log: silentLog,
      behindAfterMs: 50,
    });
    const recovered = await journal.recover();
    this.outbox = createOutbox({
      sinks: this.sinks.map((sink) => lasting(this[sink])),
      journal,
      clock: this.clock,
      random: this.#random,
      log: silentLog,
      bounds: { maxEvents: 12, maxBytes: 10_000_000 },
      backoff: { firstMs: 100, maxMs: 5_000 },
      window: 4,
      // Events are sent only once stored: this test is not about connections that were reported and then forgotten in a crash.
      sendAfterMs: 1_000_000_000,
      owed: recovered.owed,
      observer: { delivered() {}, retried() {}, parked() {}, leftOut() {} },
    });
    const begin = this.outbox.hold();
    for await (const page of recovered.pending())
      for (const pending of page) for (const sink of pending.sinks) this.outbox.resume(sink, pending);
    const open: OpenEntry[] = [];
    for await (const page of recovered.open()) open.push(...page);
    this.#open = new Map(open.map(({ event }) => [event.device.device, event.connectionId]));
    for (const { event } of open) this.disconnect(event.device.device);
    begin();
    await settled();
  }

  connect(device: string): void {
    if (this.#open.has(device)) this.disconnect(device);
    const id = `c${(this.#count += 1)}`;
    const halves: Halves = { device, began: false, ended: false };
    this.truth.set(id, halves);
    this.#open.set(device, id);
    this.#append(device, id, {}, () => (halves.began = true));
  }

  disconnect(device: string): void {
    const id = this.#open.get(device);
    if (id === undefined) return;
    this.#open.delete(device);
    const halves = this.truth.get(id);
    this.#append(device, id, { type: 'disconnected', reason: 'client-closed' }, () => {
      if (halves) halves.ended = true;
    });
  }

  #append(device: string, id: string, facts: Partial<DisconnectedEvent>, kept: () => void): void {
    const reference = deviceRef('acme', device);
    const coalesced = this.outbox.coalescedOf(reference);
    const { event, downstream } = anOutboundEvent(`e${(this.#count += 1)}`, {
      device: reference,
      connectionId: id as ConnectionId,
      epoch: String(this.#count).padStart(16, '0') as Epoch,
    });
    const said = { ...event, ...facts, ...(coalesced > 0 && { coalesced }) } as ConnectionEvent;
    const committed = this.outbox.append({ event: said, downstream });
    const { store } = this;
    if (committed) void committed.then(() => store.crashed || kept());
    else kept();
  }

  async restart(how: 'crash' | 'stop'): Promise<void> {
    // While the adapter lives, events that the journal could not write count as kept.
    if (this.store.failing) await this.mendDisk();
    if (how === 'stop') {
      this.store.hurry();
      await this.outbox.close();
    } else {
      // The dead adapter's state does not count from here on.
      for (const [id, { began }] of this.truth) if (!began) this.truth.delete(id);
      this.store.crash();
      await this.outbox.close();
    }
    await this.start();
  }

  async mendDisk(): Promise<void> {
    this.store.failing = false;
    this.store.hurry();
    for (let round = 0; round < 5; round++) await this.clock.advanceAsync(1_000);
    await turn();
  }

  /** Pairs that a consumer got, and pairs of which it learned that they were left out. */
  told(device: string, sink = this.events): number {
    const mine = new Map(
      sink.events
        .filter((event) => event.device.device === device)
        .map((event) => [event.id, event] as const),
    );
    const ended = new Set(
      [...mine.values()]
        .filter(({ type }) => type === 'disconnected')
        .map(({ connectionId }) => connectionId),
    );
    return [...mine.values()].reduce((sum, { coalesced = 0 }) => sum + coalesced, ended.size);
  }

  trueEndings(device: string): number {
    return [...this.truth.values()].filter((halves) => halves.device === device && halves.ended).length;
  }
}

/** The same sink for one adapter after the other. */
function lasting(sink: RecordingSink): EventSink {
  return { name: sink.name, deliver: (outbound, signal) => sink.deliver(outbound, signal), async close() {} };
}

async function turn(): Promise<void> {
  for (let round = 0; round < 4; round++) await new Promise((resolve) => setImmediate(resolve));
  await settled();
}

/** Lives, outages, slow and broken disks, restarts; then everything is well, and each device has one more event. */
async function liveThrough(world: World): Promise<void> {
  await world.start();
  for (let step = 0; step < 400; step++) {
    await oneStep(world, devices[world.below(devices.length)] ?? 'd0', world.below(100));
    if (world.below(3) === 0) await turn();
  }
  await world.mendDisk();
  world.away = false;
  await world.clock.advanceAsync(60_000);
  for (const device of devices) world.disconnect(device);
  for (const device of devices) world.connect(device);
  await turn();
  await world.clock.advanceAsync(60_000);
  await turn();
  expect(world.outbox.depth().every(({ events }) => events === 0)).toBe(true);
  await world.outbox.close();
}

async function oneStep(world: World, device: string, dice: number): Promise<void> {
  if (dice < 45) world.connect(device);
  else if (dice < 75) world.disconnect(device);
  else if (dice < 80) world.away = !world.away;
  else if (dice < 84) world.store.slow = world.disk === 'bad disk';
  else if (dice < 90) world.store.hurry();
  else if (dice < 92) world.store.failing = world.disk === 'bad disk';
  else if (dice < 94) await world.mendDisk();
  else if (dice < 96) await world.clock.advanceAsync(world.below(2_000));
  else if (dice < 98) {
    await turn();
    await world.restart(world.below(2) === 0 ? 'crash' : 'stop');
  }
}

test.each(seeds)(
  'whatever the order of outages, flapping, takeovers and restarts: published pairs and `coalesced` add up to the truth (seed %i)',
  async (seed) => {
    const world = new World(seed, ['events']);
    await liveThrough(world);
    for (const device of devices) expect(world.told(device), device).toBe(world.trueEndings(device));
    const coalesced = world.events.events.reduce((sum, event) => sum + (event.coalesced ?? 0), 0);
    expect(coalesced, 'connections were left out at all').toBeGreaterThan(0);
  },
);

describe('of several sinks', () => {
  test.each(seeds.slice(0, 3))('no consumer counts too few (seed %i)', async (seed) => {
    const world = new World(seed, ['events', 'logging']);
    await liveThrough(world);
    for (const device of devices)
      for (const sink of [world.events, world.logging])
        expect(world.told(device, sink), device).toBeGreaterThanOrEqual(world.trueEndings(device));
  });

  test.each(seeds.slice(0, 3))(
    'a consumer whose sink alone loses some counts exactly those (seed %i)',
    async (seed) => {
      // On a good disk, the log sink loses nothing.
      const world = new World(seed, ['events', 'logging'], 'good disk');
      await liveThrough(world);
      for (const device of devices) expect(world.told(device), device).toBe(world.trueEndings(device));
    },
  );
});

test.each(['relayed', 'appended'])(
  'the count of an event of another adapter, which is %s here, is not one of those that are owed here',
  async (how) => {
    let answer: Delivery = retryable;
    const sink = new RecordingSink('events', () => answer);
    const { outbox, clock } = givenAnOutbox([sink], { maxEvents: 4, maxBytes: 10_000_000 });
    const device = connected('0').event.device;
    // The first is tried, so it stays.
    for (let index = 0; index < 6; index++) {
      void outbox.append(connected(`${index}+`, 'd1', 'acme', `${index}`));
      void outbox.append(disconnected(`${index}-`, `${index}`));
    }
    await settled();
    const owed = outbox.coalescedOf(device);
    expect(owed).toBeGreaterThan(3);
    const { event, downstream } = connected('another');
    const ofAnother = { event: { ...event, coalesced: 3 }, downstream };
    if (how === 'relayed') void outbox.relay([ofAnother, disconnected('another-', 'another')]);
    else
      for (const each of [ofAnother, { ...ofAnother, announcement: true as const }])
        void outbox.append({ ...each, ofAnother: true });
    expect(outbox.coalescedOf(device)).toBe(owed);
    answer = { status: 'delivered' };
    await clock.advanceAsync(60_000);
    expect(sink.events.map(({ coalesced }) => coalesced)).toContain(3);
    expect(outbox.coalescedOf(device)).toBe(owed);
  },
);
