import { randomUUID } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { deviceKey, deviceRef, type DeviceRef } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import {
  inTransaction,
  isPassing,
  migrate,
  openFilesOf,
  whyOutOfPlace,
  type OpenFiles,
} from '@rollcall/runtime/sqlite';
import type {
  ChangesRead,
  DeviceQuery,
  EndingsQuery,
  HistoryQuery,
  InstancesQuery,
  KeptHistory,
  PresenceStore,
  FollowingGap,
  Timeline,
  TimelineQuery,
} from '../presence-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { loadAdapters } from './adapters.ts';
import type { AdapterBook } from '../fold/adapter-book.ts';
import { forgetAll } from '../fold/forget-all.ts';
import { flappingWithinMs, reasonsIn, summaryOf, type FlapRow } from '../fold/summary.ts';
import { gapIn, gapText, isLongGap } from '../fold/following-gap.ts';
import { Changes } from './changes.ts';
import { Endings } from './endings.ts';
import { DeviceStates } from './device-states.ts';
import { readFlaps, type FlapsQuery } from './flaps.ts';
import { Fold } from './fold.ts';
import { Instances } from './instances.ts';
import { OldConnections } from './old-connections.ts';
import { Reads } from './reads.ts';
import { steps } from './schema.ts';
import { SilentConnections } from './silent-connections.ts';
import { ThreadedReads } from './threaded-reads.ts';
import { readTimeline } from './timeline.ts';

export interface SqliteStoreOptions {
  /** Path of the database, or `:memory:`. */
  readonly file: string;
  readonly clock: Clock;
  /** For adapters that do not state their announcement interval. */
  readonly announceIntervalMs: number;
  /** How many changes the log keeps; default 100,000. */
  readonly maxChanges?: number;
}

/** How often the service notes in the database that it runs: time in which it did not run does not make an adapter silent. */
const aliveEveryMs = 1_000;

/** A store in one SQLite file, for one process. Transactions are synchronous: nothing else can run between a read and a write. */
export class SqliteStore implements PresenceStore {
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #openFiles: OpenFiles;
  readonly #adapters: AdapterBook;
  readonly #saveAdapters: () => void;
  readonly #fold: Fold;
  readonly #states: DeviceStates;
  readonly #reads: Reads;
  readonly #changes: Changes;
  readonly #silent: SilentConnections;
  readonly #old: OldConnections;
  readonly #instances: Instances;
  readonly #endings: Endings;
  readonly #note: StatementSync;
  readonly #noteTwo: StatementSync;
  readonly #longReads: ThreadedReads | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #sinceMs: number;
  readonly #lastGap: { readonly lastGap?: FollowingGap };
  readonly #steadyOffsetMs: number;
  #aliveMs: number;
  /** The time in which events could not be received or stored, without a pause that goes on since `#pausedAtMs`. */
  #pausedMs = 0;
  #pausedAtMs: number | undefined;

  /** @throws Error if the file is not a database of the presence service, or of a later version. */
  constructor({ file, clock, announceIntervalMs, maxChanges = 100_000 }: SqliteStoreOptions) {
    this.#clock = clock;
    const database = new DatabaseSync(file);
    this.#database = database;
    // For new files: with 4 kB, the facts and the ending of a connection would need overflow pages.
    database.exec('PRAGMA page_size = 8192');
    // An event is confirmed once it is committed. With FULL, a power failure does not undo a commit.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000');
    migrate(database, steps);
    this.#openFiles = file === ':memory:' ? [] : openFilesOf(file);
    if (file !== ':memory:') this.#longReads = new ThreadedReads(file);
    this.#note = database.prepare(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
    this.#noteTwo = database.prepare(
      'INSERT INTO meta VALUES (?, ?), (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
    const now = clock.now();
    this.#steadyOffsetMs = now - clock.monotonic();
    const [name, since] = [this.#meta('name', randomUUID().slice(0, 8)), this.#meta('since', String(now))];
    this.#sinceMs = Number(since);
    this.#aliveMs = Number(this.#meta('alive', String(now)));
    this.#followAgain(now);
    this.#lastGap = gapIn(this.#meta('taken-up', ''));
    const { adapters, save } = loadAdapters(database, announceIntervalMs);
    this.#adapters = adapters;
    this.#saveAdapters = save;
    this.#fold = new Fold(database, this.#adapters);
    this.#states = new DeviceStates(database, this.#adapters);
    this.#reads = new Reads(database, this.#adapters, { now: () => this.#listenedMs() });
    this.#changes = new Changes(database, name, maxChanges);
    this.#silent = new SilentConnections(database, this.#adapters);
    this.#old = new OldConnections(database, this.#adapters);
    this.#instances = new Instances(database);
    this.#endings = new Endings(database);
  }

  async apply(events: readonly (ReceivedEvent | HonoConnectionEvent)[]): Promise<void> {
    const isNews = this.#transaction(() => {
      const nowMs = this.#listenedMs();
      const touched = new Map<string, { readonly device: DeviceRef; said?: HonoConnectionEvent }>();
      for (const event of events) {
        const entry = touched.get(deviceKey(event.device)) ?? { device: event.device };
        touched.set(deviceKey(event.device), entry);
        if (event.type === 'hono') entry.said = event;
        else if (this.#fold.add(event, nowMs)) this.#silent.recheck(event.device.tenant, event.adapter.id);
      }
      const news = [...touched.values()].filter(({ device, said }) =>
        this.#states.renew(device, nowMs, said),
      );
      this.#saveAdapters();
      this.#instances.hear(events, this.#clock.now());
      return news.length > 0;
    });
    if (isNews) this.#wake();
  }

  async get(devices: readonly DeviceRef[]) {
    return this.#guard(() => devices.map((device) => this.#reads.get(device)));
  }

  async list(tenant: string, query: DeviceQuery) {
    return this.#guard(() => this.#reads.list(tenant, query));
  }

  async history(device: DeviceRef, query: HistoryQuery) {
    return this.#guard(() => this.#reads.history(device, query));
  }

  async endings(tenant: string, query: EndingsQuery) {
    return this.#guard(() => this.#endings.read(tenant, query));
  }

  async summary(tenant: string, { flapsPerHour }: { readonly flapsPerHour: number }) {
    const query = { tenant, since: this.#clock.now() - flappingWithinMs, flaps: flapsPerHour };
    const counts = this.#guard(() => this.#reads.counts(tenant));
    return summaryOf(tenant, counts, await this.#flaps(query));
  }

  async reasons(tenant: string) {
    return reasonsIn(this.#guard(() => this.#reads.counts(tenant)));
  }

  async instances(query: InstancesQuery) {
    return this.#guard(() => this.#instances.read(query));
  }

  async timeline(tenant: string, query: TimelineQuery): Promise<Timeline> {
    return this.#longReads
      ? this.#longReads.timeline(tenant, query)
      : this.#guard(() => readTimeline(this.#database, tenant, query));
  }

  async tenants({ limit, after = '' }: { readonly limit: number; readonly after?: string }) {
    return this.#guard(() => this.#reads.tenants(after, limit));
  }

  async forget(device: DeviceRef): Promise<boolean> {
    const wasKnown = await forgetAll(async () => this.#transaction(() => this.#old.forget(device)));
    if (wasKnown) this.#wake();
    return wasKnown;
  }

  async position(): Promise<string> {
    return this.#guard(() => this.#changes.position());
  }

  async changes(tenant: string, after: string, limit: number): Promise<ChangesRead | 'gone'> {
    return this.#guard(() => this.#changes.read(tenant, after, limit));
  }

  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  listening(isListening: boolean): void {
    const now = this.#steadyMs();
    if (!isListening) this.#pausedAtMs ??= now;
    else if (this.#pausedAtMs !== undefined) {
      this.#pausedMs += now - this.#pausedAtMs;
      this.#pausedAtMs = undefined;
    }
  }

  /** There is one replica, so its progress need not be stored; only that it runs, and how much of that time counts for adapters. */
  async noteProgress(): Promise<void> {
    const now = this.#steadyMs();
    if (Math.abs(now - this.#aliveMs) < aliveEveryMs) return;
    this.#aliveMs = now;
    this.#write(() => this.#noteTimes(now, this.#listenedMs()));
  }

  async forgetReplica(): Promise<void> {}

  async progress() {
    const announceIntervalMs = this.#adapters.longestIntervalMs;
    return {
      replicas: [],
      sinceMs: this.#sinceMs,
      ...this.#lastGap,
      ...(announceIntervalMs !== undefined && { announceIntervalMs }),
    };
  }

  async sweep(): Promise<boolean> {
    const nowMs = this.#listenedMs();
    const { devices, isMore } = this.#guard(() => this.#silent.find(nowMs));
    if (devices.length === 0) return isMore;
    const news = this.#transaction(() =>
      devices.filter(({ tenant, device }) => this.#states.renew(deviceRef(tenant, device), nowMs)),
    );
    if (news.length > 0) this.#wake();
    return isMore;
  }

  async droppedThroughMs(tenant: string): Promise<number | undefined> {
    return this.#guard(() => this.#old.droppedThroughMs(tenant));
  }

  async dropOld(kept: KeptHistory): Promise<number> {
    const nowMs = this.#clock.now();
    return this.#transaction(() => {
      const dropped = this.#old.drop(kept, nowMs) + this.#changes.drop();
      this.#saveAdapters();
      this.#instances.drop(nowMs);
      return dropped;
    });
  }

  async close(): Promise<void> {
    await this.#longReads?.close();
    if (this.#database.isOpen) this.#database.close();
  }

  /** A database in memory has only this connection, so no thread can read it. */
  async #flaps(query: FlapsQuery): Promise<readonly FlapRow[]> {
    return this.#longReads
      ? this.#longReads.flaps(query)
      : this.#guard(() => readFlaps(this.#database, query));
  }

  /**
   * Shifts the times of adapters by the time in which the service did not run, or did not listen: no adapter becomes silent by that, or by
   * a clock that was set.
   */
  #followAgain(nowMs: number): void {
    const gap = { fromMs: this.#aliveMs, toMs: nowMs };
    // An earlier version may have run since: it notes only that it runs.
    const [listened, notedAt] = this.#meta('listened', '').split(' ');
    const gapMs = nowMs - (Number(notedAt) === this.#aliveMs ? Number(listened) : this.#aliveMs);
    if (gapMs === 0) return;
    this.#transaction(() => {
      this.#database
        .prepare(
          'UPDATE adapters SET last_heard = last_heard + :ms, last_announcement = last_announcement + :ms',
        )
        .run({ ms: gapMs });
      this.#noteTimes(nowMs, nowMs);
      if (isLongGap(gap)) this.#note.run('taken-up', gapText(gap));
    });
    this.#aliveMs = nowMs;
  }

  /** The wall clock at the start, plus the monotonic time since then: a clock that is set meanwhile does not change the age of events. */
  #steadyMs(): number {
    return Math.round(this.#clock.monotonic() + this.#steadyOffsetMs);
  }

  /** The same without the time in which events could not be received or stored: by this clock, adapters become silent. */
  #listenedMs(): number {
    return (this.#pausedAtMs ?? this.#steadyMs()) - this.#pausedMs;
  }

  #noteTimes(aliveMs: number, listenedMs: number): void {
    this.#noteTwo.run('alive', String(aliveMs), 'listened', `${listenedMs} ${aliveMs}`);
  }

  /** The value with this name. If there is none, `first` is stored. */
  #meta(name: string, first: string): string {
    const row = this.#database.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    if (row) return String(row['value']);
    this.#note.run(name, first);
    return first;
  }

  #transaction<Result>(work: () => Result): Result {
    return this.#write(() => inTransaction(this.#database, 'BEGIN IMMEDIATE', work));
  }

  /** An event is not confirmed that is only in a file which was taken away: also not if that happened meanwhile. */
  #write<Result>(work: () => Result): Result {
    this.#requireInPlace();
    const result = this.#guard(work);
    this.#requireInPlace();
    return result;
  }

  #requireInPlace(): void {
    const problem = whyOutOfPlace(this.#openFiles);
    if (problem !== undefined) throw new StoreUnavailable(problem);
  }

  /** To be called after the commit of a change. */
  #wake(): void {
    for (const wake of this.#listeners) wake();
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (isPassing(this.#database, error))
        throw new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
      throw error;
    }
  }
}
