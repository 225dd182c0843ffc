import type { Instant } from '@rollcall/core';

/** How much of the time after which one is declared dead may pass without a sign of life of anybody. */
const longestShare = 1 / 2;

/**
 * Whether the engine takes signs of life at all. One that is full, or a replica that nobody writes to, still answers who looks: the signs
 * of all stand still there, and that says nothing about anybody.
 */
export class Pulse {
  readonly #longestMs: number;
  #signs: ReadonlyMap<string, string> = new Map();
  #beatAt: Instant | undefined;

  constructor(deadAfterMs: number) {
    this.#longestMs = deadAfterMs * longestShare;
  }

  /** @param signs the last one of each incarnation. */
  beats(signs: ReadonlyMap<string, string>, now: Instant): boolean {
    const before = this.#signs;
    const hasBeaten = [...signs].some(([instance, sign]) => before.get(instance) !== sign);
    this.#signs = signs;
    if (hasBeaten || this.#beatAt === undefined) this.#beatAt = now;
    return now - this.#beatAt <= this.#longestMs;
  }
}
