import type { PresenceStore } from '../store/presence-store.ts';
import type { ApiContext } from './api-context.ts';
import type { AsOf } from './as-of.ts';

/** Counts, and how far they reach. */
export interface Counted<Result> {
  readonly result: Result;
  readonly asOf: AsOf;
}

interface CacheBounds {
  readonly ttlMs: number;
  /** Beyond this, the oldest entry is dropped. */
  readonly maxEntries: number;
}

interface Entry<Result> {
  readonly untilMs: number;
  readonly counted: Promise<Counted<Result>>;
}

/** Counting takes long, so requests for the same counts share one result. It states how far the stream was read when it was counted. */
export class CountCache<Result> {
  readonly #context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>;
  readonly #bounds: CacheBounds;
  readonly #entries = new Map<string, Entry<Result>>();

  constructor(context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>, bounds: CacheBounds) {
    this.#context = context;
    this.#bounds = bounds;
  }

  /** @param question names what `count` counts, within the tenant. */
  of(
    tenant: string,
    question: string,
    count: (store: PresenceStore) => Promise<Result>,
  ): Promise<Counted<Result>> {
    const key = `${question}\n${tenant}`;
    const nowMs = this.#context.clock.monotonic();
    const known = this.#entries.get(key);
    if (known && known.untilMs > nowMs) return known.counted;
    const counted = this.#count(tenant, count);
    this.#entries.delete(key);
    this.#entries.set(key, { untilMs: nowMs + this.#bounds.ttlMs, counted });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#bounds.maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    // The next request tries again.
    counted.catch(() => {
      if (this.#entries.get(key)?.counted === counted) this.#entries.delete(key);
    });
    return counted;
  }

  async #count(tenant: string, count: (store: PresenceStore) => Promise<Result>): Promise<Counted<Result>> {
    const { store, turns, asOf } = this.#context;
    const reached = asOf();
    return { result: await turns.take(tenant, () => count(store)), asOf: reached };
  }
}
