import { randomUUID } from 'node:crypto';
import type { DeviceRef } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import type {
  ChangesRead,
  DeviceQuery,
  EndingsQuery,
  HistoryQuery,
  InstancesQuery,
  KeptHistory,
  PresenceStore,
  TimelineQuery,
} from '../presence-store.ts';
import { reasonsIn } from '../fold/summary.ts';
import { forgetAll, type Forgotten } from '../fold/forget-all.ts';
import { droppedThroughMs, OldConnections } from './old-connections.ts';
import { positionOf, readChanges } from './changes.ts';
import { renewDevices } from './device-states.ts';
import { readEndings } from './endings.ts';
import { gapIn, gapText, isLongGap } from '../fold/following-gap.ts';
import { foldBatch } from './fold.ts';
import { dropInstances, readInstances, saveInstances } from './instances.ts';
import { Wakes, type Client, type Queries } from '@rollcall/postgres';
import { presenceQueries } from './presence-queries.ts';
import { tenantsSql } from '../fold/tenants.ts';
import { readCounts, readDevices, readHistory, readList, readSummary } from './reads.ts';
import { migrate } from './schema.ts';
import { ListeningTime, minGapMs } from './listening-time.ts';
import { forgetReplica, noteReplica, readReplicas } from './replicas.ts';
import { readTimeline } from './timeline.ts';
import { dropOldChanges, forgetDevice, Sweep } from './maintenance.ts';

export interface PostgresStoreOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** For adapters that do not state their announcement interval. */
  readonly announceIntervalMs: number;
  /** How many changes the log keeps; default 100,000. */
  readonly maxChanges?: number;
}

/** The channel of `NOTIFY`. */
const channel = 'rollcall_presence';

/**
 * A store in PostgreSQL, for several replicas. All writers take turns by an advisory lock: nothing else is written between what one
 * reads and what it writes, and the numbers of changes follow the order of commits.
 */
export class PostgresStore implements PresenceStore {
  readonly #options: PostgresStoreOptions;
  readonly #queries: Queries;
  readonly #wakes: Wakes;
  readonly #old = new OldConnections();
  readonly #sweep = new Sweep();
  readonly #listening: ListeningTime;
  readonly #listeners = new Set<() => void>();
  /** The name of the connection that listens. The server lists it for as long as this process runs. */
  readonly #session = `rollcall-presence ${randomUUID()}`;
  #name = '';
  #sinceMs = 0;

  private constructor(options: PostgresStoreOptions) {
    const { url, clock, log } = options;
    this.#options = options;
    this.#listening = new ListeningTime(clock);
    this.#queries = presenceQueries(url, (error) =>
      log.debug({ cause: error.message }, 'a connection to the database was lost'),
    );
    this.#wakes = new Wakes({
      ...{ url, clock, channel, session: this.#session },
      wake: () => {
        for (const wake of this.#listeners) wake();
      },
    });
  }

  /** @throws StoreUnavailable if the database cannot be reached; Error if it is of a later version. */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const store = new PostgresStore(options);
    try {
      await migrate(store.#queries);
      await store.#begin();
      await store.#wakes.open();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async apply(events: readonly (ReceivedEvent | HonoConnectionEvent)[]): Promise<void> {
    const { clock, announceIntervalMs } = this.#options;
    const nowMs = clock.now();
    await this.#write(async (client) => {
      await this.#listening.follow(client, nowMs);
      const devices = await foldBatch(client, events, nowMs, announceIntervalMs);
      await saveInstances(client, events, nowMs);
      return renewDevices(client, [...devices.values()], nowMs);
    });
  }

  get(devices: readonly DeviceRef[]) {
    return readDevices(this.#queries, devices);
  }

  list(tenant: string, query: DeviceQuery) {
    return readList(this.#queries, tenant, query);
  }

  async history(device: DeviceRef, query: HistoryQuery) {
    return readHistory(this.#queries, device, query, await this.#listening.now(this.#queries));
  }

  endings(tenant: string, query: EndingsQuery) {
    return readEndings(this.#queries, tenant, query);
  }

  summary(tenant: string, { flapsPerHour }: { readonly flapsPerHour: number }) {
    return readSummary(this.#queries, tenant, flapsPerHour, this.#options.clock.now());
  }

  async reasons(tenant: string) {
    return reasonsIn(await readCounts(this.#queries, tenant));
  }

  instances(query: InstancesQuery) {
    return readInstances(this.#queries, query);
  }

  timeline(tenant: string, query: TimelineQuery) {
    return readTimeline(this.#queries, tenant, query);
  }

  async tenants({ limit, after = '' }: { readonly limit: number; readonly after?: string }) {
    const text = tenantsSql('$1', '$2');
    const { rows } = await this.#queries.query<{ readonly tenant: string }>(text, [after, limit]);
    return rows.map(({ tenant }) => tenant);
  }

  async forget(device: DeviceRef): Promise<boolean> {
    return forgetAll(async () => {
      let forgotten: Forgotten = { wasKnown: false, isMore: false };
      await this.#write(async (client) => {
        forgotten = await forgetDevice(client, device);
        return forgotten.wasKnown && !forgotten.isMore ? 1 : 0;
      });
      return forgotten;
    });
  }

  async position(): Promise<string> {
    return positionOf(this.#queries, this.#name);
  }

  async changes(tenant: string, after: string, limit: number): Promise<ChangesRead | 'gone'> {
    return readChanges(this.#queries, { database: this.#name, tenant, after, limit });
  }

  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  listening(isListening: boolean): void {
    this.#listening.attached(isListening);
  }

  async noteProgress(progress: { readonly replica: string; readonly readThroughMs: number }) {
    try {
      await noteReplica(this.#queries, progress, this.#session, this.#options.clock.now());
      this.#listening.reached(true);
      if (this.#listening.resumedAtMs !== undefined) await this.#write(() => Promise.resolve(0));
      await this.#listening.note(this.#queries);
    } catch (error) {
      this.#listening.reached(false);
      throw error;
    }
  }

  async forgetReplica(replica: string): Promise<void> {
    await forgetReplica(this.#queries, replica, this.#options.clock.now());
  }

  async progress() {
    const replicas = await readReplicas(this.#queries, this.#options.clock.now());
    const longest = await this.#queries.query<{ readonly interval: number | null }>(
      'SELECT max(interval) AS interval FROM adapters',
    );
    const announceIntervalMs = longest.rows[0]?.interval ?? undefined;
    const lastGap = await this.#queries.query<{ readonly value: string }>(
      "SELECT value FROM meta WHERE name = 'taken-up'",
    );
    return {
      replicas,
      sinceMs: this.#sinceMs,
      ...gapIn(lastGap.rows[0]?.value),
      ...(announceIntervalMs !== undefined && { announceIntervalMs }),
    };
  }

  async sweep(): Promise<boolean> {
    const changed = await this.#write((client, nowMs) => this.#sweep.next(client, nowMs));
    return changed > 0 || this.#sweep.isMore;
  }

  droppedThroughMs(tenant: string): Promise<number | undefined> {
    return droppedThroughMs(this.#queries, tenant);
  }

  async dropOld(kept: KeptHistory): Promise<number> {
    const { clock, maxChanges = 100_000 } = this.#options;
    return this.#queries.exclusively(async (client) => {
      await dropInstances(client, clock.now());
      return (await this.#old.drop(client, kept, clock.now())) + (await dropOldChanges(client, maxChanges));
    });
  }

  async close(): Promise<void> {
    await this.#wakes.close();
    await this.#queries.close();
  }

  /** Reads the stored state, and leaves out the time in which no replica ran, or received events: no adapter becomes silent by that. */
  async #begin(): Promise<void> {
    const now = this.#options.clock.now();
    await this.#queries.exclusively(async (client) => {
      this.#name = await metaOf(client, 'name', randomUUID().slice(0, 8));
      this.#sinceMs = Number(await metaOf(client, 'since', String(now)));
      const gap = { fromMs: Number(await metaOf(client, 'alive', String(now))), toMs: now };
      await metaOf(client, 'followed', String(gap.fromMs));
      await this.#listening.leaveOutUntil(client, now);
      if (now - gap.fromMs < minGapMs) return;
      if (isLongGap(gap))
        await client.query(
          "INSERT INTO meta VALUES ('taken-up', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
          [gapText(gap)],
        );
      await client.query("UPDATE meta SET value = $1 WHERE name = 'alive'", [String(now)]);
    });
  }

  /** @param work returns how many devices changed. If any did, the readers of `watch` are woken once. */
  async #write(work: (client: Client, nowMs: number) => Promise<number>): Promise<number> {
    const { resumedAtMs } = this.#listening;
    const changed = await this.#queries.exclusively(async (client) => {
      const sum = await work(client, await this.#listening.follow(client));
      // The notification arrives once this is committed, at this replica too.
      if (sum > 0) await client.query(`NOTIFY ${channel}`);
      return sum;
    });
    this.#listening.followed(resumedAtMs);
    return changed;
  }
}

/** The value with this name. If there is none, `first` is stored. */
async function metaOf(client: Client, name: string, first: string): Promise<string> {
  await client.query('INSERT INTO meta VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, first]);
  const { rows } = await client.query<{ readonly value: string }>('SELECT value FROM meta WHERE name = $1', [
    name,
  ]);
  return rows[0]?.value ?? first;
}
