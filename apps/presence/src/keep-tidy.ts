import { later, type Clock } from '@rollcall/core/environment';
import type { KeptHistory, PresenceStore } from './store/presence-store.ts';
import { StoreUnavailable } from './store/store-unavailable.ts';

export interface TidyOptions {
  readonly clock: Clock;
  readonly store: Pick<PresenceStore, 'dropOld' | 'sweep'>;
  readonly retention: KeptHistory;
  failed(where: string, error: unknown): void;
}

/** How often it is looked for connections of which nothing is heard any more. */
const sweepEveryMs = 5_000;
const dropEveryMs = 60_000;
/** Between batches of what is looked at or dropped, so that events are not held up. */
const pauseMs = 50;

/** Does what comes with time, and not with an event. The result ends that. */
export function keepTidy({ clock, store, retention, failed: told }: TidyOptions): () => void {
  // That the database is away is told elsewhere, and ends.
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

/** Works again and again, after the time that it says each time. */
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
