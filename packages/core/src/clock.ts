import type { Instant, Timestamp } from './ids.ts';

/** Time as the whole process sees it; tests inject a manual one. */
export interface Clock {
  /** Wall-clock time. May step, backwards too: never measure durations with it. */
  now(): Timestamp;
  /** Time that never steps. */
  monotonic(): Instant;
  /** Calls `wake` once, not before `deadline`. The result disarms it. */
  at(deadline: Instant, wake: () => void): () => void;
}

/** The instant `durationMs` after `instant`. */
export function later(instant: Instant, durationMs: number): Instant {
  return (instant + durationMs) as Instant;
}

/** Resolves `durationMs` from now, or at once when `signal` aborts. */
export function sleep(clock: Clock, durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      disarm();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const disarm = clock.at(later(clock.monotonic(), durationMs), done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** What `work` comes to, or `undefined` if it takes longer than `limitMs`. */
export async function within<Value>(
  work: Promise<Value>,
  limitMs: number,
  clock: Clock,
): Promise<Value | undefined> {
  let disarm = (): void => {};
  const over = new Promise<undefined>((resolve) => {
    disarm = clock.at(later(clock.monotonic(), limitMs), () => resolve(undefined));
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    disarm();
  }
}

/**
 * Does `work` each `intervalMs`, the first time after one interval. Each interval begins when the work before it is done: late
 * turns do not pile up. Work that throws ends it.
 *
 * @returns ends it, also from within the work.
 */
export function every(clock: Clock, intervalMs: number, work: () => void): () => void {
  let isOver = false;
  let disarm = (): void => {};
  const arm = (): void => {
    disarm = clock.at(later(clock.monotonic(), intervalMs), () => {
      work();
      if (!isOver) arm();
    });
  };
  arm();
  return () => {
    isOver = true;
    disarm();
  };
}
