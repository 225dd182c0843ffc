import type { Timestamp } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { PresenceStore } from './store/presence-store.ts';
import { StoreUnavailable } from './store/store-unavailable.ts';
import { asOf, type AsOf } from './http/as-of.ts';
import type { StreamProgress } from './following/stream-progress.ts';

export interface TruthOptions {
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
 * What the service knows about itself. Replicas share the events, so the database is as old as the slowest of them: each notes how
 * far it has read, and takes the others into account.
 */
export class Truth {
  readonly #options: TruthOptions;
  #shared: Shared | undefined;
  #disarm = (): void => {};
  #isStopped = false;
  #isStoreAway = false;

  constructor(options: TruthOptions) {
    this.#options = options;
  }

  /** Reads for the first time. @throws StoreUnavailable */
  async begin(): Promise<void> {
    this.#shared = await this.#options.store.progress();
    this.#arm();
  }

  now(): AsOf {
    const { clock, announceIntervalMs, replica, progress } = this.#options;
    const shared = this.#shared;
    const now = clock.now();
    const others = (shared?.replicas ?? []).filter((each) => each.replica !== replica);
    const all = [progress.readThrough, ...others.map(({ readThroughMs }) => readThroughMs as Timestamp)];
    const known = all.filter((each) => each !== undefined);
    return asOf({
      now,
      // Before this one has read anything, nothing is known of what waits for it.
      readThrough: progress.readThrough === undefined ? undefined : (Math.min(...known) as Timestamp),
      followedSince: (shared?.sinceMs ?? now) as Timestamp,
      announceIntervalMs: Math.max(shared?.announceIntervalMs ?? 0, announceIntervalMs),
    });
  }

  /** A name for what this database lacks, while it may lack connections that adapters will announce; `undefined`: it lacks nothing. */
  lacks(): string | undefined {
    const now = this.#options.clock.now();
    const { coveredSince, completeFrom } = this.now();
    const { takenUp } = this.#shared ?? {};
    const intervalMs = completeFrom - coveredSince;
    if (takenUp && now < takenUp.atMs + intervalMs) return `presence-${coveredSince}-${takenUp.leftMs}`;
    return now < completeFrom ? `presence-${coveredSince}` : undefined;
  }

  /** Whether the database could not be reached when it was asked last. */
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
      this.#isStoreAway = error instanceof StoreUnavailable;
      if (!this.#isStoreAway) failed('progress', error);
    }
    if (!this.#isStopped) this.#arm();
  }
}
