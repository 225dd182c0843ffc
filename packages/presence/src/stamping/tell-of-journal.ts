import type { TenantId } from '@rollcall/core';
import type { JournalFacts } from '@rollcall/core/internal';

/** How many tenants are remembered. If there are more, some get the facts again, which does no harm. */
const maxTold = 100_000;

/**
 * Reports the facts about an incarnation's journal: to each tenant once, in the first event to it; announcements always have them.
 *
 * @returns gives the facts for the next event to this tenant, if any.
 */
export function tellOfJournal(facts: JournalFacts): (tenant: TenantId) => JournalFacts | undefined {
  const told = new Set<TenantId>();
  return (tenant) => {
    if (told.has(tenant)) return undefined;
    if (told.size >= maxTold) told.clear();
    told.add(tenant);
    return facts;
  };
}
