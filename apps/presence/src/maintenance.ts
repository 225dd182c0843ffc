import { later, type Clock } from '@rollcall/core/environment';
import type { KeptHistory, PresenceStore } from './store/presence-store.ts';
import { StoreUnavailable } from './store/store-unavailable.ts';

export interface MaintenanceOptions {
  readonly clock: Clock;
  readonly store: Pick<PresenceStore, 'dropOld' | 'sweep'>;
  readonly retention: KeptHistory;
  failed(where: string, error: unknown): void;
}

/** How often to look for connections that are not announced any more. */
const sweepEveryMs = 5_000;
const dropEveryMs = 60_000;
/** The pause between batches of checks or removals, so that events are not delayed. */
const pauseMs = 50;

/** Starts the work that depends on time, and not on events. @returns a function that ends it. */
export function startMaintenance({ clock, store, retention, failed: told }: MaintenanceOptions): () => void {
  // An outage of the database is reported elsewhere, and is not a failure.
  const failed = (where: string, error: unknown): void => {
    if (!(error instanceof StoreUnavailable)) told(where, error);
  };
  const endings = [
    repeat(clock, sweepEveryMs, async () => {
      try {
        return (await store.sweep()) ? pauseMs : sweepEveryMs;
      } catch (error) {
        failed('sweep', error);
        return sweepEveryMs;
      }
    }),
    repeat(clock, dropEveryMs, async () => {
      try {
        return (await store.dropOld(retention)) > 0 ? pauseMs : dropEveryMs;
      } catch (error) {
        failed('retention', error);
        return dropEveryMs;
      }
    }),
  ];
  return () => {
    for (const end of endings) end();
  };
}

/** Repeats the work. @param work returns after how many ms it runs again. */
function repeat(clock: Clock, firstMs: number, work: () => Promise<number>): () => void {
  let isEnded = false;
  let disarm = (): void => {};
  const arm = (afterMs: number): void => {
    if (!isEnded) disarm = clock.at(later(clock.monotonic(), afterMs), () => void work().then(arm));
  };
  arm(firstMs);
  return () => {
    isEnded = true;
    disarm();
  };
}
