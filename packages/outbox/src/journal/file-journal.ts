import {
  deviceRef,
  later,
  within,
  type Clock,
  type Epoch,
  type Instant,
  type Log,
  type Timestamp,
} from '@rollcall/core';
import type { NotedMark } from './stored-proofs.ts';
import type { LearnedRhythm } from './learned-rhythm.ts';
import { inOrderOf, readAll, readPages } from './pages.ts';
import type { Holdings, Journal, Owed, PendingEvent } from './journal.ts';
import { RowBook } from './row-book.ts';
import type { JournalStore, PartOfJournal, StoredPending } from './store/stored.ts';
import { watchStore, type StoreWatch } from './watch-store.ts';

export interface FileJournalOptions {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time that an event may wait to be stored before the journal counts as behind. */
  readonly behindAfterMs: number;
}

/** Rows that are stored in one transaction. */
const batchRows = 2_000;
/** Longest time until a change is stored that nobody waits for. */
const unhurriedMs = 50;
/** Refused events that wait to be stored as such, beyond which no more are read: what sinks say of them takes memory. */
const maxRefusals = 10_000;
/** Time between tries where the store fails. */
const retryMs = 1_000;
/** Longest time that closing waits for the store. */
const closeWithinMs = 5_000;

/** Events that are stored together, and whoever waits for that. */
interface Group {
  readonly stored: PromiseWithResolvers<void>;
  readonly begunAt: Instant;
  /** Rows of the backlog before the last of its events is stored. */
  rowsLeft: number;
}

/**
 * Keeps everything in a store that outlives the process. While a batch is being stored the next one gathers; so a store
 * that is slow gets larger batches, not more of them.
 *
 * Where the store fails, what the adapter holds in memory counts as kept: devices are served on, the journal says that
 * it is behind, and tries again until it has caught up.
 */
export function createFileJournal({ store, clock, log, behindAfterMs }: FileJournalOptions): Journal {
  const book = new RowBook();
  let gathering: Group | undefined;
  let storing: Group | undefined;
  let inFlight: Promise<void> | undefined;
  let failing = false;
  /** Whether the log says so. */
  let isTold = false;
  let closing = false;
  let immediate: NodeJS.Immediate | undefined;
  let disarm: (() => void) | undefined;
  let watch: StoreWatch | undefined;
  let holdings: (() => Holdings) | undefined;

  function flushSoon(): void {
    if (!inFlight && !failing && !closing) immediate ??= setImmediate(flush);
  }

  function flushWithin(delayMs: number): void {
    if (!inFlight && !closing) disarm ??= clock.at(later(clock.monotonic(), delayMs), flush);
  }

  function flush(): void {
    clearImmediate(immediate);
    immediate = undefined;
    disarm?.();
    disarm = undefined;
    inFlight ??= storeNext().then((outcome) => {
      inFlight = undefined;
      if (!closing) goOn(outcome);
    });
  }

  /** Stores the oldest changes. */
  async function storeNext(): Promise<'failed' | 'stored' | 'stored-all'> {
    if (!storing && gathering) {
      storing = gathering;
      storing.rowsLeft = book.backlog;
      gathering = undefined;
    }
    // What is needed no more went out of the backlog by itself.
    if (storing) storing.rowsLeft = Math.min(storing.rowsLeft, book.backlog);
    const pending = book.take(batchRows);
    const isAll = book.backlog === 0;
    try {
      if (pending) await store.apply(pending.batch);
    } catch (error) {
      pending?.failed();
      await failedWith(error);
      // Nobody need wait for what may not come.
      storing?.stored.resolve();
      gathering?.stored.resolve();
      storing = gathering = undefined;
      return 'failed';
    }
    pending?.stored();
    if (storing && ((storing.rowsLeft -= pending?.rows ?? 0) <= 0 || isAll)) {
      storing.stored.resolve();
      storing = undefined;
    }
    return isAll ? 'stored-all' : 'stored';
  }

  /** Where the file is not there any more, this is what is told, and a new one may have been begun by now. */
  async function failedWith(error: unknown): Promise<void> {
    const wasFailing = failing;
    failing = true;
    const state = await watch?.look();
    if (state === 'begun-anew') failing = wasFailing;
    else if (!isTold && state !== 'away') {
      log.error({ err: error }, 'journal cannot be written: events are kept in memory alone');
      isTold = true;
    }
  }

  function goOn(outcome: Awaited<ReturnType<typeof storeNext>>): void {
    if (outcome === 'failed') {
      flushWithin(retryMs);
      return;
    }
    if (failing && outcome === 'stored-all') {
      failing = false;
      if (isTold) log.info({}, 'journal is written again, and has caught up');
      isTold = false;
    }
    if (failing) flush();
    else if (storing || gathering) flushSoon();
    else unhurried();
  }

  function unhurried(): void {
    if (book.backlog >= batchRows) flushSoon();
    else if (book.backlog > 0) flushWithin(unhurriedMs);
  }

  return {
    async recover() {
      const summary = await store.open();
      book.begin(summary);
      const { lastSeq, proofKey, partOfJournal } = summary;
      if (partOfJournal)
        log.warn({ cause: partial[partOfJournal] }, 'journal may be older than what was told');
      watch = watchStore({ store, clock, log, refill });
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
        ...(summary.highWater !== undefined && { highWater: summary.highWater as Epoch }),
        ...(summary.instance !== undefined && { follows: summary.instance }),
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
    },
    usedBy: (instance) => book.usedBy(instance),
    append(outbound, sinks, owed = []) {
      const place = book.append(outbound, sinks, owed);
      if (failing) return { place, committed: undefined };
      gathering ??= { stored: Promise.withResolvers(), begunAt: clock.monotonic(), rowsLeft: 0 };
      flushSoon();
      return { place, committed: gathering.stored.promise };
    },
    holds: (place) => book.holds(place),
    async read(places) {
      // At the end of an outage, what was confirmed is stored before more is sent: else a crash would tell too much of it again.
      if (!failing && !closing && book.backlog > 2 * batchRows) {
        flush();
        await inFlight;
      }
      if (book.refusals > maxRefusals) throw new Error('what sinks refused is not stored yet');
      return inOrderOf(places, await store.read('events', places));
    },
    leaveOut(sink, places, owed) {
      book.leaveOut(sink, places, owed);
      unhurried();
    },
    forget(sink, place) {
      book.forget(sink, place);
      unhurried();
    },
    park(sink, place, cause) {
      book.park(sink, place, cause);
      unhurried();
    },
    note(presence) {
      book.note(presence);
      unhurried();
    },
    learn(rhythms) {
      book.learn(rhythms);
      unhurried();
    },
    prove(changes) {
      book.prove(changes);
      unhurried();
    },
    backedBy(given) {
      holdings = given;
    },
    get begunAnew() {
      return watch?.begunAnew ?? 0;
    },
    behind() {
      const since = (storing ?? gathering)?.begunAt;
      return (
        failing ||
        watch?.isTroubled === true ||
        (since !== undefined && clock.monotonic() - since > behindAfterMs)
      );
    },
    async close() {
      closing = true;
      clearImmediate(immediate);
      disarm?.();
      await within(storeAll(), closeWithinMs, clock);
    },
  };

  function refill(): number {
    const lost = holdings ? book.refill(holdings()) : 0;
    unhurried();
    return lost;
  }

  async function storeAll(): Promise<void> {
    await inFlight;
    // A file that was destroyed a moment ago gets back first what it had.
    await watch?.look();
    watch?.stop();
    let triesLeft = 1 + Math.ceil(book.backlog / batchRows);
    // Once at least: the latest epoch must be there, also where nothing else is needed any more.
    do await storeNext();
    while (book.backlog > 0 && triesLeft-- > 0);
    if (book.backlog > 0) log.error({ rows: book.backlog }, 'journal closes without what it could not write');
    await store.close();
  }
}

const partial: Readonly<Record<PartOfJournal, string>> = {
  copy: 'it is a copy: what the adapter observed since it was made is not in it',
  'without-log': 'its write-ahead log (….journal-wal) is missing: what was written last is not in it',
};

function toPendingEvent({ seq, tenant, device, at, bytes, sinks }: StoredPending): PendingEvent {
  return { place: seq, sinks, device: deviceRef(tenant, device), at: at as Timestamp, bytes };
}
