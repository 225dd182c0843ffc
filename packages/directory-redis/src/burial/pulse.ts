import type { Instant } from '@rollcall/core';

/** How long all instances may give no sign of life, as a share of the time after which an instance is declared dead. */
const longestShare = 1 / 2;

/**
 * Whether the engine accepts signs of life at all. One that is full, or a replica without its primary, still answers reads: the signs
 * of all instances stand still there, and that says nothing about any of them.
 */
export class Pulse {
  readonly #longestMs: number;
  #signs: ReadonlyMap<string, string> = new Map();
  #beatAt: Instant | undefined;

  constructor(deadAfterMs: number) {
    this.#longestMs = deadAfterMs * longestShare;
  }

  /** @param signs the last sign of each incarnation. */
  beats(signs: ReadonlyMap<string, string>, now: Instant): boolean {
    const before = this.#signs;
    const hasBeaten = [...signs].some(([instance, sign]) => before.get(instance) !== sign);
    this.#signs = signs;
    if (hasBeaten || this.#beatAt === undefined) this.#beatAt = now;
    return now - this.#beatAt <= this.#longestMs;
  }
}
