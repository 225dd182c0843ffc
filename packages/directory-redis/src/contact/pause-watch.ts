import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

/** How long to wait for an engine that cannot be reached, since it may still say that this incarnation was declared dead. */
const graceMs = 3_000;

/**
 * Whether this incarnation may have been declared dead without knowing: its process stood still for long. The doubt lasts until
 * the engine says that the incarnation is alive, or cannot be reached.
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

  /** True also right after a pause, before `look` was called. */
  get inDoubt(): boolean {
    return this.#doubtedSince !== undefined || this.#clock.monotonic() - this.#lookedAt > this.#longestMs;
  }

  /**
   * The engine said that this incarnation is alive.
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

  /** The next incarnation begins. */
  anew(): void {
    this.#lookedAt = this.#clock.monotonic();
    this.#doubtedSince = undefined;
  }
}
