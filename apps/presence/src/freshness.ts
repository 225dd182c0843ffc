import type { Timestamp } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { PresenceStore } from './store/presence-store.ts';
import { StoreUnavailable } from './store/store-unavailable.ts';
import { asOf, type AsOf } from './http/as-of.ts';
import type { StreamProgress } from './following/stream-progress.ts';

export interface FreshnessOptions {
  readonly clock: Clock;
  readonly store: Pick<PresenceStore, 'progress' | 'noteProgress' | 'forgetReplica'>;
  readonly progress: Pick<StreamProgress, 'readThrough'>;
  /** Names this process among the replicas. */
  readonly replica: string;
  /** For adapters that do not state their announcement interval. */
  readonly announceIntervalMs: number;
  failed(where: string, error: unknown): void;
}

/** How often a replica notes how far it has read. */
const noteEveryMs = 1_000;

type Shared = Awaited<ReturnType<PresenceStore['progress']>>;

/**
 * How fresh and how complete the answers are. Replicas share the events, so the answers are only as fresh as the slowest replica:
 * each one notes in the database how far it has read, and reads how far the others have.
 */
export class Freshness {
  readonly #options: FreshnessOptions;
  #shared: Shared | undefined;
  #disarm = (): void => {};
  #isStopped = false;
  #isStoreAway = false;

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  /** Reads the progress of the replicas for the first time. @throws StoreUnavailable */
  async begin(): Promise<void> {
    this.#shared = await this.#options.store.progress();
    this.#arm();
  }

  asOf(): AsOf {
    const { clock, announceIntervalMs, replica, progress } = this.#options;
    const shared = this.#shared;
    const now = clock.now();
    const others = (shared?.replicas ?? []).filter((each) => each.replica !== replica);
    const all = [progress.readThrough, ...others.map(({ readThroughMs }) => readThroughMs as Timestamp)];
    const known = all.filter((each) => each !== undefined);
    return asOf({
      now,
      // Before this replica has read anything, nobody knows which events wait for it.
      readThrough: progress.readThrough === undefined ? undefined : (Math.min(...known) as Timestamp),
      followedSince: (shared?.sinceMs ?? now) as Timestamp,
      announceIntervalMs: Math.max(shared?.announceIntervalMs ?? 0, announceIntervalMs),
    });
  }

  /**
   * While the database may lack connections that adapters have yet to announce, a name for what it lacks. All replicas compute the
   * same name. `undefined`: it lacks nothing.
   */
  missing(): string | undefined {
    const now = this.#options.clock.now();
    const { coveredSince, completeFrom } = this.asOf();
    const { lastGap } = this.#shared ?? {};
    const intervalMs = completeFrom - coveredSince;
    if (lastGap && now < lastGap.toMs + intervalMs) return `presence-${coveredSince}-${lastGap.fromMs}`;
    return now < completeFrom ? `presence-${coveredSince}` : undefined;
  }

  /** Whether the latest request to the database failed. */
  get isStoreAway(): boolean {
    return this.#isStoreAway;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#disarm();
    const { store, replica, failed } = this.#options;
    await store.forgetReplica(replica).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) failed('progress', error);
    });
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#disarm = clock.at(later(clock.monotonic(), noteEveryMs), () => void this.#note());
  }

  async #note(): Promise<void> {
    const { store, replica, progress, failed } = this.#options;
    try {
      if (progress.readThrough !== undefined)
        await store.noteProgress({ replica, readThroughMs: progress.readThrough });
      this.#shared = await store.progress();
      this.#isStoreAway = false;
    } catch (error) {
      this.#isStoreAway = true;
      if (!(error instanceof StoreUnavailable)) failed('progress', error);
    }
    if (!this.#isStopped) this.#arm();
  }
}
