import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

/** One timer for the earliest of many deadlines. It may ring too early: that is cheaper than a new timer for every message. */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #armed: { readonly at: Instant; disarm(): void } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Whether it rings at `deadline` or before. */
  ringsBy(deadline: Instant): boolean {
    return this.#armed !== undefined && this.#armed.at <= deadline;
  }

  /** Makes it ring at `deadline` or before; not at all if there is none. */
  ringBy(deadline: Instant | undefined): void {
    if (deadline !== undefined && this.ringsBy(deadline)) return;
    this.disarm();
    if (deadline === undefined) return;
    const disarm = this.#clock.at(deadline, () => {
      this.#armed = undefined;
      this.#ring();
    });
    this.#armed = { at: deadline, disarm };
  }

  disarm(): void {
    this.#armed?.disarm();
    this.#armed = undefined;
  }
}
