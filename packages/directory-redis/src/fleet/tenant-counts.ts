import type { TenantId } from '@rollcall/core';
import { countConnections } from '../scripts/count-connections.ts';
import type { Shared } from '../shared.ts';

/** How many tenants may be asked about: their limits are checked at each of their connects. */
const mostWatched = 10_000;
/** How many tenants go into one call. */
const mostTogether = 500;
/** After how many rounds a tenant that no one asked about is dropped. */
const forgottenAfter = 240;

/** How many connections tenants have at other instances. */
export class TenantCounts {
  readonly #shared: Shared;
  /** Total in the fleet, by tenants that were asked about; and in which round that was. */
  readonly #watched = new Map<TenantId, { total: number; askedIn: number }>();
  /** The counts that this instance last reported. */
  readonly #told = new Map<TenantId, number>();
  #round = 0;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  elsewhere(tenant: TenantId): number {
    const { asker } = this.#shared;
    const known = this.#watched.get(tenant);
    if (known) known.askedIn = this.#round;
    else if (this.#watched.size < mostWatched) this.#watched.set(tenant, { total: 0, askedIn: this.#round });
    if (!known || !asker.inTouch) return 0;
    return Math.max(0, known.total - (this.#told.get(tenant) ?? 0));
  }

  /** Reports all counts again: the incarnation is new, or the engine knows nothing. */
  anew(): void {
    this.#told.clear();
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
