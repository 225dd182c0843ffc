import type { Instant } from '@rollcall/core';
import { within, type Clock } from '@rollcall/core/environment';

/** A device that comes later than this part of the longest wait after another one does not share its wait. */
const sharedPart = 0.1;

/** How long devices wait for their answer. Those that wait for the same from about the same moment share a timer and a promise. */
export class CommitWaits {
  readonly #clock: Clock;
  readonly #longestMs: number;
  #latest:
    | { readonly work: Promise<void>; readonly since: Instant; readonly over: Promise<void> }
    | undefined;

  /** @param longestMs no device waits longer; a device that has to wait does so for at least nine tenths of it. */
  constructor(clock: Clock, longestMs: number) {
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  within(work: Promise<void>): Promise<void> {
    const now = this.#clock.monotonic();
    const shared = this.#latest;
    if (shared?.work === work && now - shared.since < this.#longestMs * sharedPart) return shared.over;
    const over = within(work, this.#longestMs, this.#clock);
    this.#latest = { work, since: now, over };
    return over;
  }
}
