import type { OutboundEvent } from '@rollcall/core/sink';
import { outboundOf } from './facts-of.ts';
import type { Place } from './journal.ts';
import type { JournalStore, StoredEvent, StoreReads } from './store/stored.ts';

/** How many rows are read at a time: some hundred kilobytes, and a few milliseconds in which nothing is stored. */
const pageRows = 1_000;

/** Goes through a part of a store page by page, up to `upTo`. */
export async function* readPages<What extends 'pending' | 'open' | 'rhythms' | 'proofs' | 'owed'>(
  store: Pick<JournalStore, 'read'>,
  what: What,
  upTo: number,
): AsyncGenerator<ReturnType<StoreReads[What]>, void, undefined> {
  let after = 0;
  for (;;) {
    const page = await store.read(what, { after, upTo, limit: pageRows });
    const last = page.at(-1);
    if (!last) return;
    yield page;
    after = last.seq;
  }
}

/** All rows of a part of a store. */
export async function readAll<What extends 'rhythms' | 'proofs' | 'owed'>(
  store: Pick<JournalStore, 'read'>,
  what: What,
): Promise<ReturnType<StoreReads[What]>[number][]> {
  const rows: ReturnType<StoreReads[What]>[number][] = [];
  for await (const page of readPages(store, what, Number.MAX_SAFE_INTEGER))
    for (const row of page) rows.push(row);
  return rows;
}

/** The events of the store as a sink gets them, in the order in which they were asked for. */
export function inOrderOf(
  places: readonly Place[],
  stored: readonly StoredEvent[],
): readonly (OutboundEvent | undefined)[] {
  const found = new Map(stored.map((each) => [each.seq, outboundOf(each)]));
  return places.map((place) => found.get(place));
}
