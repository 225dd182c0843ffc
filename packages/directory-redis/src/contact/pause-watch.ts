import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

/** How long an engine that cannot be reached may still say that this incarnation was declared dead. */
const graceMs = 3_000;

/**
 * Whether this incarnation may have been declared dead without knowing: its process stood still for long. It is in doubt until
 * the engine says that it lives, or cannot be reached.
 */
export class PauseWatch {
  readonly #clock: Clock;
  readonly #longestMs: number;
  #lookedAt: Instant;
  #doubtedSince: Instant | undefined;

  constructor(clock: Clock, longestMs: number) {
    this.#clock = clock;
    this.#longestMs = longestMs;
    this.#lookedAt = clock.monotonic();
  }

  /** To be called often; also before any answer is used, which may be older than a pause. */
  look(): void {
    const now = this.#clock.monotonic();
    if (now - this.#lookedAt > this.#longestMs) this.#doubtedSince = now;
    this.#lookedAt = now;
  }

  /** Also right after a pause, before anybody has looked. */
  get inDoubt(): boolean {
    return this.#doubtedSince !== undefined || this.#clock.monotonic() - this.#lookedAt > this.#longestMs;
  }

  /**
   * The engine said that this incarnation lives.
   *
   * @returns whether that ends a doubt.
   */
  livedAt(askedAt: Instant): boolean {
    if (this.#doubtedSince === undefined || askedAt < this.#doubtedSince) return false;
    this.#doubtedSince = undefined;
    return true;
  }

  /**
   * The engine cannot be reached.
   *
   * @returns whether that ends a doubt.
   */
  unreachable(): boolean {
    if (this.#doubtedSince === undefined || this.#clock.monotonic() - this.#doubtedSince < graceMs)
      return false;
    this.#doubtedSince = undefined;
    return true;
  }

  /** Another incarnation begins. */
  anew(): void {
    this.#lookedAt = this.#clock.monotonic();
    this.#doubtedSince = undefined;
  }
}
