import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** What the engine's clock says, as far as its answers tell. */
export class EngineTime {
  readonly #clock: Clock;
  #seen: { readonly engineMs: number; readonly at: Instant } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An answer said so; it was asked for at `askedAt`. */
  said(engineMs: number, askedAt: Instant): void {
    const now = this.#clock.monotonic();
    this.#seen = { engineMs, at: later(askedAt, (now - askedAt) / 2) };
  }

  /** Milliseconds since the Unix epoch; `undefined`: it never said. */
  now(): number | undefined {
    return this.#seen && this.#seen.engineMs + this.#clock.monotonic() - this.#seen.at;
  }
}
