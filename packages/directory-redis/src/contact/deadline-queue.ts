import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

interface Waiting {
  readonly deadline: Instant;
  readonly expired: () => void;
  done: boolean;
}

/** Waits of the same length, on one timer, however many there are. */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #waitMs: number;
  /** In the order of their deadlines. */
  #waiting: Waiting[] = [];
  #head = 0;
  #armed = false;

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  /** Calls `expired` once the wait is over, unless the result was called before. */
  wait(expired: () => void): () => void {
    const waiting: Waiting = { deadline: later(this.#clock.monotonic(), this.#waitMs), expired, done: false };
    this.#waiting.push(waiting);
    this.#arm();
    return () => void (waiting.done = true);
  }

  #arm(): void {
    while (this.#waiting[this.#head]?.done) this.#head += 1;
    if (this.#head > 1_000 || this.#head === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    const next = this.#waiting[this.#head];
    if (!next || this.#armed) return;
    this.#armed = true;
    this.#clock.at(next.deadline, () => {
      // Answers that wait to be read because the process was busy came in time: read them first.
      setImmediate(() => {
        this.#armed = false;
        this.#expire();
        this.#arm();
      });
    });
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    for (
      let next = this.#waiting[this.#head];
      next && next.deadline <= now;
      next = this.#waiting[this.#head]
    ) {
      this.#head += 1;
      if (next.done) continue;
      next.done = true;
      next.expired();
    }
  }
}
