import type { PresenceSummary } from '../store/presence-store.ts';
import type { ApiContext } from './api-context.ts';
import type { AsOf } from './as-of.ts';

/** Counts of a tenant, and how far they reach. */
export interface Counted {
  readonly summary: PresenceSummary;
  readonly asOf: AsOf;
}

const holdsMs = 2_000;
const maxHeld = 1_000;

/** Counting takes as long as there are devices: many who ask get the same answer, and how far that one reaches. */
export class Summaries {
  readonly #context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>;
  readonly #held = new Map<string, { readonly untilMs: number; readonly counted: Promise<Counted> }>();

  constructor(context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>) {
    this.#context = context;
  }

  of(tenant: string, flapsPerHour: number): Promise<Counted> {
    const key = `${flapsPerHour}\n${tenant}`;
    const nowMs = this.#context.clock.monotonic();
    const known = this.#held.get(key);
    if (known && known.untilMs > nowMs) return known.counted;
    const counted = this.#count(tenant, flapsPerHour);
    this.#held.delete(key);
    this.#held.set(key, { untilMs: nowMs + holdsMs, counted });
    const [oldest] = this.#held.keys();
    if (this.#held.size > maxHeld && oldest !== undefined) this.#held.delete(oldest);
    // Whoever asks next tries again.
    counted.catch(() => {
      if (this.#held.get(key)?.counted === counted) this.#held.delete(key);
    });
    return counted;
  }

  async #count(tenant: string, flapsPerHour: number): Promise<Counted> {
    const { store, turns, asOf } = this.#context;
    const reached = asOf();
    return {
      summary: await turns.take(tenant, () => store.summary(tenant, { flapsPerHour })),
      asOf: reached,
    };
  }
}
