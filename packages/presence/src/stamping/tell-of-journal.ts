import type { TenantId } from '@rollcall/core';
import type { JournalFacts } from '@rollcall/core/internal';

/** How many tenants are remembered. If there are more, some get the facts again, which does no harm. */
const maxTold = 100_000;

/** Reports the facts about an incarnation's journal: to each tenant once, in the first event to it; announcements always have them. */
interface TellOfJournal {
  /** The facts for the next event to this tenant, if any. */
  next(tenant: TenantId): JournalFacts | undefined;
  /** Events to this tenant were left out, perhaps the one with the facts: the next one has them again. */
  leftOut(tenant: TenantId): void;
}

export function tellOfJournal(facts: JournalFacts): TellOfJournal {
  const told = new Set<TenantId>();
  return {
    next(tenant) {
      if (told.has(tenant)) return undefined;
      if (told.size >= maxTold) told.clear();
      told.add(tenant);
      return facts;
    },
    leftOut: (tenant) => void told.delete(tenant),
  };
}
