import { deviceRef, type Epoch, type Timestamp } from '@rollcall/core';
import type { Owed, PendingEvent, Recovered } from './journal.ts';
import type { LearnedRhythm } from './learned-rhythm.ts';
import { readAll, readPages } from './pages.ts';
import type { RowBook } from './row-book.ts';
import type { NotedMark } from './stored-proofs.ts';
import type { JournalStore, StoredPending, StoreSummary } from './store/stored.ts';

/** Reads what an earlier incarnation left in an open store. Its events are read page by page, on demand. */
export async function recoverJournal(
  store: Pick<JournalStore, 'read'>,
  book: Pick<RowBook, 'reopen'>,
  { lastSeq, proofKey, partOfJournal, highWater, instance }: StoreSummary,
): Promise<Recovered> {
  const rhythms = (await readAll(store, 'rhythms')).map(
    ({ holder, gaps }) => [holder, JSON.parse(gaps) as LearnedRhythm] as const,
  );
  const proofs = (await readAll(store, 'proofs')).map(({ name, hash, at }): NotedMark => ({
    name,
    hash,
    at: at as Timestamp,
  }));
  const owed = (await readAll(store, 'owed')).map(({ seq: _seq, ...each }): Owed => each);
  return {
    ...(partOfJournal && { partOfJournal }),
    ...(highWater !== undefined && { highWater: highWater as Epoch }),
    ...(instance !== undefined && { follows: instance }),
    async *pending() {
      for await (const page of readPages(store, 'pending', lastSeq)) yield page.map(toPendingEvent);
    },
    async *open() {
      for await (const page of readPages(store, 'open', lastSeq)) yield book.reopen(page);
    },
    rhythms,
    owed,
    ...(proofKey && { proofs: { key: proofKey, proofs } }),
  };
}

function toPendingEvent({ seq, tenant, device, at, bytes, sinks }: StoredPending): PendingEvent {
  return { place: seq, sinks, device: deviceRef(tenant, device), at: at as Timestamp, bytes };
}
