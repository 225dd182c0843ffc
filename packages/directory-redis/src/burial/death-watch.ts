import type { Instant } from '@rollcall/core';

/** Whose signs of life stand still. */
export interface Candidate {
  readonly instance: string;
  /** The last sign, as it stands. */
  readonly sign: string;
}

/** How much of the time may pass between two looks: who looks more seldom has seen nothing. */
const longestGapShare = 1 / 3;

/**
 * Decides who gave no sign of life for too long, on the clock of the one who looks: neither a wrong clock elsewhere, nor an engine
 * that was away, nor a pause of the one who looks makes anybody a candidate.
 */
export class DeathWatch {
  readonly #deadAfterMs: number;
  readonly #seen = new Map<string, { sign: string; since: Instant }>();
  #lookedAt: Instant | undefined;

  constructor(deadAfterMs: number) {
    this.#deadAfterMs = deadAfterMs;
  }

  /** What was seen counts no more: a look failed. */
  blind(): void {
    this.#seen.clear();
    this.#lookedAt = undefined;
  }

  /** @param signs the last one of each incarnation. */
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

  /** The watch begins again: there is another sign that it lives. */
  lives(instance: string): void {
    this.#seen.delete(instance);
  }
}
