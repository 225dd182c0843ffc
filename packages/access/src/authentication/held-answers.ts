import { later, type Clock } from '@rollcall/core/environment';

export interface HeldAnswersOptions {
  readonly clock: Clock;
  /** Answers that are held back at a time, in all and of one group. */
  readonly max: number;
  readonly maxPerGroup: number;
}

/** Answers that peers wait for on purpose. Bounded, since each of them keeps a connection. */
export interface HeldAnswers {
  /** Resolves after `durationMs` (0: at once), or when {@link stop} is called. `undefined`: all places are taken, answer at once. */
  hold(group: string, durationMs: number): Promise<void> | undefined;
  hasRoom(group: string): boolean;
  /** Ends all waiting, now and later. */
  stop(): void;
}

export function createHeldAnswers({ clock, max, maxPerGroup }: HeldAnswersOptions): HeldAnswers {
  const groups = new Map<string, number>();
  const releases = new Set<() => void>();
  let stopped = false;

  function hasRoom(group: string): boolean {
    return releases.size < max && (groups.get(group) ?? 0) < maxPerGroup;
  }

  return {
    hasRoom,
    hold(group, durationMs) {
      if (stopped || !hasRoom(group)) return undefined;
      if (durationMs <= 0) return Promise.resolve();
      groups.set(group, (groups.get(group) ?? 0) + 1);
      return new Promise((resolve) => {
        const release = (): void => {
          disarm();
          releases.delete(release);
          const left = (groups.get(group) ?? 1) - 1;
          if (left > 0) groups.set(group, left);
          else groups.delete(group);
          resolve();
        };
        const disarm = clock.at(later(clock.monotonic(), durationMs), release);
        releases.add(release);
      });
    },
    stop() {
      stopped = true;
      for (const release of releases) release();
    },
  };
}
