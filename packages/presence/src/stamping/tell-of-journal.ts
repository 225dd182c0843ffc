import type { TenantId } from '@rollcall/core';
import type { JournalFacts } from '@rollcall/core/internal';

/** Tenants remembered as told. Of more, some are told again, which does no harm. */
const maxTold = 100_000;

/**
 * What an incarnation says of its journal: to each tenant once, in its first event to it; announcements say it every time.
 *
 * @returns what is to be said in the next event to this tenant, if anything.
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
