import type { Instant } from '@rollcall/core';
import { later, within, type Clock, type Log } from '@rollcall/core/environment';
import type { RowBook } from './row-book.ts';
import type { JournalStore } from './store/stored.ts';
import type { StoreWatch } from './store-watch.ts';

export interface JournalWriterOptions {
  readonly store: JournalStore;
  /** The changes to store. */
  readonly book: RowBook;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time that an event may wait to be stored before the journal counts as behind. */
  readonly behindAfterMs: number;
}

/** How many rows are stored in one transaction. */
const batchRows = 2_000;
/** A batch with this many rows shows that many devices connect: later changes gather. */
const busyRows = 8;
/**
 * The time between the beginnings of two batches then. A transaction, and waking up two threads for it, cost as much as the rows of
 * some ten devices: so a storm takes a seventh less processor time in all, and its devices are answered earlier.
 */
const gatherMs = 4;
/** How long a change that no device waits for may wait to be stored. */
const unhurriedMs = 50;
/** Time between tries while the store fails. */
const retryMs = 1_000;
/** Longest time that closing waits for the store. */
const closeWithinMs = 5_000;

/** Events that are stored together, and the promise of all who wait for that. */
interface Group {
  readonly stored: PromiseWithResolvers<void>;
  readonly begunAt: Instant;
  /** How many changes the book had when the last of its events was there. */
  changes: number;
}

/**
 * Whether the store accepts batches.
 *
 *     storing ──a batch fails──▶ failing ──not for a known cause──▶ failing-logged
 *        ▲                          │                                     │
 *        └───────nothing waits to be stored any more──────────────────────┘
 */
type Condition = 'storing' | 'failing' | 'failing-logged';

/** The outcome of a batch. */
type Outcome = 'failed' | 'stored' | 'stored-all';

/**
 * Writes the changes of a book into a store, batch after batch. While a batch is being stored the next one gathers, so a
 * store that is slow gets larger batches, not more of them.
 *
 * If the store fails, devices do not wait for it: the writer reports that it is behind, and tries again until it has caught up.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions;
  #condition: Condition = 'storing';
  #isClosing = false;
  /** Whether the latest batch has all that waited. What comes later is waited for: if it is stored, nothing is missing any more. */
  #catchesUp = false;
  #gathering: Group | undefined;
  #storing: Group | undefined;
  #inFlight: Promise<void> | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #timer: { readonly at: Instant; disarm(): void } | undefined;
  /** Changes that devices wait for are not stored before this time. */
  #gathersUntil = 0 as Instant;
  #watch: StoreWatch | undefined;
  readonly #flush = (): void => this.#storeNow();

  constructor(options: JournalWriterOptions) {
    this.#options = options;
  }

  /** The store is open, and watched. */
  begin(watch: StoreWatch): void {
    this.#watch = watch;
  }

  /** Stores the changes of an event. @returns resolves when it is stored; `undefined`: do not wait, the store fails. */
  commit(): Promise<void> | undefined {
    if (this.#isFailing && !this.#catchesUp) return undefined;
    this.#gathering ??= {
      stored: Promise.withResolvers(),
      begunAt: this.#options.clock.monotonic(),
      changes: 0,
    };
    this.#storeSoon();
    return this.#gathering.stored.promise;
  }

  /** Stores other changes within a moment: no device waits for them. */
  storeLater(): void {
    const { backlog } = this.#options.book;
    if (backlog >= batchRows) this.#storeSoon();
    else if (backlog > 0) this.#storeWithin(unhurriedMs);
  }

  /** Waits for the batch in flight if far too many changes wait to be stored. */
  async catchUp(): Promise<void> {
    if (this.#isFailing || this.#isClosing || this.#options.book.backlog <= 2 * batchRows) return;
    this.#storeNow();
    await this.#inFlight;
  }

  /** Whether events are not stored that should be stored by now. */
  get isBehind(): boolean {
    if (this.#isFailing || this.#watch?.isTroubled === true) return true;
    const since = (this.#storing ?? this.#gathering)?.begunAt;
    return since !== undefined && this.#options.clock.monotonic() - since > this.#options.behindAfterMs;
  }

  /** Stores the remaining changes, as far as that is possible within a few seconds. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearImmediate(this.#immediate);
    this.#timer?.disarm();
    await within(this.#storeAll(), closeWithinMs, this.#options.clock);
  }

  get #isFailing(): boolean {
    return this.#condition !== 'storing';
  }

  #storeSoon(): void {
    if (this.#inFlight || this.#isFailing || this.#isClosing || this.#immediate) return;
    const { book, clock } = this.#options;
    const mayGather = book.backlog < batchRows && this.#gathersUntil > clock.monotonic();
    if (mayGather) this.#storeBy(this.#gathersUntil);
    else this.#immediate = setImmediate(this.#flush);
  }

  #storeWithin(delayMs: number): void {
    if (!this.#inFlight && !this.#isClosing) this.#storeBy(later(this.#options.clock.monotonic(), delayMs));
  }

  #storeBy(at: Instant): void {
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.disarm();
    this.#timer = { at, disarm: this.#options.clock.at(at, this.#flush) };
  }

  #storeNow(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    this.#timer?.disarm();
    this.#timer = undefined;
    this.#inFlight ??= this.#storeNext().then((outcome) => {
      this.#inFlight = undefined;
      if (!this.#isClosing) this.#goOn(outcome);
    });
  }

  /** Stores the oldest changes. */
  async #storeNext(): Promise<Outcome> {
    const { book, store } = this.#options;
    this.#nextGroup();
    const pending = book.take(batchRows);
    const isAll = pending?.batch.moreWaits !== true;
    this.#catchesUp = isAll;
    if (pending && pending.rows >= busyRows)
      this.#gathersUntil = later(this.#options.clock.monotonic(), gatherMs);
    try {
      if (pending) await store.apply(pending.batch);
    } catch (error) {
      pending?.failed();
      this.#catchesUp = false;
      await this.#failed(error);
      this.#releaseAll();
      return 'failed';
    }
    pending?.stored();
    if (this.#storing && book.hasTaken(this.#storing.changes)) {
      this.#storing.stored.resolve();
      this.#storing = undefined;
    }
    return isAll ? 'stored-all' : 'stored';
  }

  #nextGroup(): void {
    if (this.#storing || !this.#gathering) return;
    this.#storing = this.#gathering;
    this.#storing.changes = this.#options.book.changes;
    this.#gathering = undefined;
  }

  /** Ends all waits, since the store may never answer. */
  #releaseAll(): void {
    this.#storing?.stored.resolve();
    this.#gathering?.stored.resolve();
    this.#storing = this.#gathering = undefined;
  }

  /** Handles a failed batch. If the cause is that the file is gone, the watch reports that, and may have begun a new one by now. */
  async #failed(error: unknown): Promise<void> {
    const before = this.#condition;
    if (before === 'storing') this.#condition = 'failing';
    const state = await this.#watch?.look();
    if (state === 'begun-anew') {
      this.#condition = before;
    } else if (this.#condition === 'failing' && state !== 'away') {
      this.#options.log.error({ err: error }, 'journal cannot be written: events are kept in memory alone');
      this.#condition = 'failing-logged';
    }
  }

  #goOn(outcome: Outcome): void {
    if (outcome === 'failed') {
      this.#storeWithin(retryMs);
      return;
    }
    if (outcome === 'stored-all') this.#caughtUp();
    if (this.#isFailing) this.#storeNow();
    else if (this.#storing || this.#gathering) this.#storeSoon();
    else this.storeLater();
  }

  #caughtUp(): void {
    if (this.#condition === 'failing-logged')
      this.#options.log.info({}, 'journal is written again, and has caught up');
    this.#condition = 'storing';
  }

  async #storeAll(): Promise<void> {
    const { book, store, log } = this.#options;
    await this.#inFlight;
    // A file that was destroyed a moment ago is restored first.
    await this.#watch?.look();
    this.#watch?.stop();
    let triesLeft = 1 + Math.ceil(book.backlog / batchRows);
    // At least once: the latest epoch must be stored, even if nothing else is needed any more.
    do await this.#storeNext();
    while (book.backlog > 0 && triesLeft-- > 0);
    if (book.backlog > 0)
      log.error({ rows: book.backlog }, 'journal is closed, and some rows could not be written');
    await store.close();
  }
}
