import type { JournalFacts } from '@rollcall/core/internal';
import type { Recovered } from './journal.ts';

/** The facts about a journal that an incarnation publishes once it has opened it. */
export function factsOfJournal({
  highWater,
  follows,
  partOfJournal,
}: Pick<Recovered, 'highWater' | 'follows' | 'partOfJournal'>): JournalFacts {
  // Connections that were opened after the copy was made are not in it: no later event will end them.
  if (highWater === undefined || partOfJournal !== undefined) return { state: 'new' };
  return { state: 'kept', ...(follows !== undefined && { follows }) };
}
