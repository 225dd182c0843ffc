import type { TenantId } from '@rollcall/core';
import { countConnections } from '../scripts/count-connections.ts';
import type { Shared } from '../shared.ts';

/** How many tenants are followed, as their limits are checked at each of their connects: of others each connect asks. */
const mostWatched = 10_000;
/** How many tenants go into one call. */
const mostTogether = 500;
/** After how many rounds a tenant that no one asked about is dropped. */
const forgottenAfter = 240;

interface Watched {
  /** In the fleet; `undefined`: no answer yet. */
  total: number | undefined;
  askedIn: number;
  /** Devices wait for the total. */
  asking?: Promise<void> | undefined;
}

/** How many connections tenants have at other instances. */
export class TenantCounts {
  readonly #shared: Shared;
  /** Tenants that were asked about, and in which round that was: the one that was asked about last is at the end. */
  readonly #watched = new Map<TenantId, Watched>();
  /** The counts that this instance last reported. */
  readonly #told = new Map<TenantId, number>();
  #round = 0;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  elsewhere(tenant: TenantId): number {
    const { total } = this.#watch(tenant);
    if (total === undefined || !this.#shared.asker.inTouch) return 0;
    return Math.max(0, total - (this.#told.get(tenant) ?? 0));
  }

  /** See `ConnectionDirectory.lookUpCount`. */
  lookUp(tenant: TenantId): Promise<void> | undefined {
    const { asker } = this.#shared;
    const watched = this.#watch(tenant);
    if (watched.total !== undefined) return undefined;
    if (!watched.asking) {
      if (!asker.canAsk) return undefined;
      watched.asking = this.#exchange([], [tenant]).then(() => void delete watched.asking);
    }
    return asker.inTime(watched.asking);
  }

  #watch(tenant: TenantId): Watched {
    const known = this.#watched.get(tenant);
    if (known?.askedIn === this.#round) return known;
    const watched = known ?? { total: undefined, askedIn: 0 };
    watched.askedIn = this.#round;
    this.#watched.delete(tenant);
    this.#watched.set(tenant, watched);
    if (this.#watched.size > mostWatched)
      for (const longestUnasked of this.#watched.keys()) {
        this.#watched.delete(longestUnasked);
        break;
      }
    return watched;
  }

  /** Begins anew: the incarnation is new, or the engine knows nothing. Totals of before had what this instance told then. */
  anew(): void {
    this.#told.clear();
    for (const watched of this.#watched.values()) watched.total = undefined;
    this.again();
  }

  /** Reports all counts again: the engine may not have all that it was told. */
  again(): void {
    this.#shared.book.markTenants();
  }

  /** Reports the counts that changed, and asks for those that are needed. To be called twice a second. */
  async exchange(): Promise<void> {
    const { asker, book } = this.#shared;
    if (!asker.canAsk) return;
    this.#round += 1;
    for (const [tenant, { askedIn }] of this.#watched)
      if (this.#round - askedIn > forgottenAfter) this.#watched.delete(tenant);
    const change = book.takeChangedTenants();
    const changed = [...change];
    const watched = [...this.#watched.keys()].filter((tenant) => !change.has(tenant));
    for (let at = 0; at < Math.max(changed.length, watched.length); at += mostTogether) {
      const together = changed.slice(at, at + mostTogether);
      if (await this.#exchange(together, watched.slice(at, at + mostTogether))) continue;
      book.markTenants(changed.slice(at));
      return;
    }
  }

  async #exchange(changed: readonly TenantId[], watched: readonly TenantId[]): Promise<boolean> {
    const { asker, keys, self, book } = this.#shared;
    const me = self.short;
    const counts = changed.map((tenant) => book.countOf(tenant));
    const reply = await asker.ask(
      countConnections,
      [keys.leases, keys.counted(me), keys.totals],
      [
        me,
        String(changed.length),
        ...changed.flatMap((tenant, index) => [tenant, String(counts[index] ?? 0)]),
        ...watched,
      ],
    );
    if (reply.status !== 'answer' || !Array.isArray(reply.value) || me !== self.short) return false;
    for (const [index, tenant] of changed.entries()) this.#told.set(tenant, counts[index] ?? 0);
    for (const [index, tenant] of [...changed, ...watched].entries()) {
      const known = this.#watched.get(tenant);
      const total: unknown = reply.value[index];
      if (known && typeof total === 'number') known.total = total;
    }
    return true;
  }
}
