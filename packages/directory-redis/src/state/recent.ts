import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** Longer than sentinels usually take to notice that a primary is cut off: what it was told meanwhile may be lost. */
const rememberMs = 60_000;
/** Beyond it, the oldest are forgotten: an event of 1 kB each. */
const most = 10_000;

/** What happened to connections of this incarnation lately, as the engine has confirmed: after a failover the engine may not know it. */
export class Recent<Value> {
  readonly #clock: Clock;
  /** By connection, as short ids; the oldest first. */
  readonly #all = new Map<string, { readonly value: Value; readonly until: Instant }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(connection: string, value: Value): void {
    if (this.#all.has(connection)) return;
    this.#all.set(connection, { value, until: later(this.#clock.monotonic(), rememberMs) });
    this.forgetOld();
  }

  get(connection: string): Value | undefined {
    return this.#all.get(connection)?.value;
  }

  delete(connection: string): void {
    this.#all.delete(connection);
  }

  all(): readonly (readonly [connection: string, value: Value])[] {
    return [...this.#all].map(([connection, { value }]) => [connection, value] as const);
  }

  clear(): void {
    this.#all.clear();
  }

  /** To be called once a second, too: a quiet instance keeps nothing for long. */
  forgetOld(): void {
    const now = this.#clock.monotonic();
    for (const [connection, { until }] of this.#all) {
      if (until > now && this.#all.size <= most) return;
      this.#all.delete(connection);
    }
  }
}
