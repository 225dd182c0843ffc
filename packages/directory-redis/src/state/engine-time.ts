import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** How much two clocks drift apart at most, ms per ms: ten times what a quartz does. */
const drift = 0.001;

interface Sample {
  readonly engineMs: number;
  /** The middle between question and answer. */
  readonly at: Instant;
  /** The engine's clock showed `engineMs` at `at`, give or take as much. */
  readonly errorMs: number;
}

/**
 * The engine's clock, estimated from its answers. An answer that took long says little about when it was given, so the quickest one
 * counts, until the clocks may have drifted apart by as much (as in NTP, RFC 5905 §10).
 */
export class EngineTime {
  readonly #clock: Clock;
  #best: Sample | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An answer contained this time; its question was sent at `askedAt`. */
  said(engineMs: number, askedAt: Instant): void {
    const errorMs = (this.#clock.monotonic() - askedAt) / 2;
    const sample = { engineMs, at: later(askedAt, errorMs), errorMs };
    if (!this.#best || counts(sample, this.#best)) this.#best = sample;
  }

  /** Milliseconds since the Unix epoch; `undefined`: no answer contained a time yet. */
  now(): number | undefined {
    return this.#best && this.#best.engineMs + this.#clock.monotonic() - this.#best.at;
  }
}

/** Whether a new sample counts more than the best one: it is as exact, or they cannot both be right, since the clock was set. */
function counts(sample: Sample, best: Sample): boolean {
  const passedMs = sample.at - best.at;
  const bestErrorMs = best.errorMs + Math.abs(passedMs) * drift;
  const apartMs = Math.abs(sample.engineMs - best.engineMs - passedMs);
  return sample.errorMs <= bestErrorMs || apartMs > sample.errorMs + bestErrorMs;
}
