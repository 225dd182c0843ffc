import type { PresenceStore } from '../store/presence-store.ts';
import type { ApiContext } from './api-context.ts';
import type { AsOf } from './as-of.ts';

/** Counts, and how far they reach. */
export interface Counted<Result> {
  readonly result: Result;
  readonly asOf: AsOf;
}

interface HeldFor {
  readonly holdsMs: number;
  /** The oldest goes first. */
  readonly maxHeld: number;
}

interface Held<Result> {
  readonly untilMs: number;
  readonly counted: Promise<Counted<Result>>;
}

/** Counting takes long: requests for the same counts share one answer, which states how far it reaches. */
export class HeldCounts<Result> {
  readonly #context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>;
  readonly #heldFor: HeldFor;
  readonly #held = new Map<string, Held<Result>>();

  constructor(context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>, heldFor: HeldFor) {
    this.#context = context;
    this.#heldFor = heldFor;
  }

  /** @param question names what `count` counts, within the tenant. */
  of(
    tenant: string,
    question: string,
    count: (store: PresenceStore) => Promise<Result>,
  ): Promise<Counted<Result>> {
    const key = `${question}\n${tenant}`;
    const nowMs = this.#context.clock.monotonic();
    const known = this.#held.get(key);
    if (known && known.untilMs > nowMs) return known.counted;
    const counted = this.#count(tenant, count);
    this.#held.delete(key);
    this.#held.set(key, { untilMs: nowMs + this.#heldFor.holdsMs, counted });
    const [oldest] = this.#held.keys();
    if (this.#held.size > this.#heldFor.maxHeld && oldest !== undefined) this.#held.delete(oldest);
    // The next request tries again.
    counted.catch(() => {
      if (this.#held.get(key)?.counted === counted) this.#held.delete(key);
    });
    return counted;
  }

  async #count(tenant: string, count: (store: PresenceStore) => Promise<Result>): Promise<Counted<Result>> {
    const { store, turns, asOf } = this.#context;
    const reached = asOf();
    return { result: await turns.take(tenant, () => count(store)), asOf: reached };
  }
}
