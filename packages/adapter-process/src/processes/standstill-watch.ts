import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

interface WatchOptions<Watched> {
  readonly clock: Clock;
  readonly lookEveryMs: number;
  readonly standsAfterMs: number;
  /** One gave no sign of life for so long. It is watched no more. */
  stands(watched: Watched): void;
}

/** Notices who gives no sign of life any more. */
export class StandstillWatch<Watched> {
  readonly #options: WatchOptions<Watched>;
  readonly #heardAt = new Map<Watched, Instant>();
  #lookedAt: Instant;
  #disarm: () => void;

  constructor(options: WatchOptions<Watched>) {
    this.#options = options;
    this.#lookedAt = options.clock.monotonic();
    this.#disarm = this.#lookLater();
  }

  add(watched: Watched): void {
    this.#heardAt.set(watched, this.#options.clock.monotonic());
  }

  heard(watched: Watched): void {
    if (this.#heardAt.has(watched)) this.add(watched);
  }

  forget(watched: Watched): void {
    this.#heardAt.delete(watched);
  }

  stop(): void {
    this.#disarm();
  }

  #lookLater(): () => void {
    const { clock, lookEveryMs } = this.#options;
    return clock.at(later(clock.monotonic(), lookEveryMs), () => {
      this.#look();
      this.#disarm = this.#lookLater();
    });
  }

  #look(): void {
    const { clock, lookEveryMs, standsAfterMs, stands } = this.#options;
    const now = clock.monotonic();
    // This process stood still itself: what the others sent meanwhile was not read yet.
    const wasPaused = now - this.#lookedAt > lookEveryMs * 3;
    this.#lookedAt = now;
    for (const [watched, heardAt] of this.#heardAt) {
      if (wasPaused) this.#heardAt.set(watched, now);
      if (wasPaused || now - heardAt < standsAfterMs) continue;
      this.#heardAt.delete(watched);
      stands(watched);
    }
  }
}
