import type { Instant } from '@rollcall/core';

/** An incarnation whose sign of life did not change. */
export interface Candidate {
  readonly instance: string;
  /** The last sign that was seen. */
  readonly sign: string;
}

/** The longest gap between two looks, as a share of the time: after a longer gap, what was seen before does not count. */
const longestGapShare = 1 / 3;

/**
 * Decides which incarnations gave no sign of life for too long, by the clock of this process: neither a wrong clock elsewhere, nor an
 * engine that was away, nor a pause of this process makes an incarnation a candidate.
 */
export class DeathWatch {
  readonly #deadAfterMs: number;
  readonly #seen = new Map<string, { sign: string; since: Instant }>();
  #lookedAt: Instant | undefined;

  constructor(deadAfterMs: number) {
    this.#deadAfterMs = deadAfterMs;
  }

  /** A look failed: what was seen before does not count any more. */
  blind(): void {
    this.#seen.clear();
    this.#lookedAt = undefined;
  }

  /** @param signs the last sign of each incarnation. */
  look(signs: ReadonlyMap<string, string>, now: Instant): readonly Candidate[] {
    if (this.#lookedAt === undefined || now - this.#lookedAt > this.#deadAfterMs * longestGapShare)
      this.blind();
    this.#lookedAt = now;
    for (const instance of this.#seen.keys()) if (!signs.has(instance)) this.#seen.delete(instance);
    const candidates: Candidate[] = [];
    for (const [instance, sign] of signs) {
      const seen = this.#seen.get(instance);
      if (seen?.sign !== sign) this.#seen.set(instance, { sign, since: now });
      else if (now - seen.since > this.#deadAfterMs) candidates.push({ instance, sign });
    }
    return candidates;
  }

  /** The watch of this instance begins again: something else shows that it is alive. */
  lives(instance: string): void {
    this.#seen.delete(instance);
  }
}
