import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** The engine's clock, estimated from its answers. */
export class EngineTime {
  readonly #clock: Clock;
  #seen: { readonly engineMs: number; readonly at: Instant } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An answer contained this time; its question was sent at `askedAt`. */
  said(engineMs: number, askedAt: Instant): void {
    const now = this.#clock.monotonic();
    this.#seen = { engineMs, at: later(askedAt, (now - askedAt) / 2) };
  }

  /** Milliseconds since the Unix epoch; `undefined`: no answer contained a time yet. */
  now(): number | undefined {
    return this.#seen && this.#seen.engineMs + this.#clock.monotonic() - this.#seen.at;
  }
}
