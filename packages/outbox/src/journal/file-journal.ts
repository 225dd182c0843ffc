import type { ConnectionId } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { Holdings, Journal, Kept, Owed, Place, Recovered } from './journal.ts';
import { JournalWriter } from './journal-writer.ts';
import { inOrderOf } from './pages.ts';
import { recoverJournal } from './recover-journal.ts';
import { RowBook } from './row-book.ts';
import type { JournalStore, PartOfJournal } from './store/stored.ts';
import { StoreWatch } from './store-watch.ts';

export interface FileJournalOptions {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time that an event may wait to be stored before the journal counts as behind. */
  readonly behindAfterMs: number;
}

/** How many refused events may wait to be stored as such before no more are read: the causes of refusals take memory. */
const maxRefusals = 10_000;

/**
 * Keeps everything in a store that outlives the process: a book notes what changed, a writer stores it, and a watch
 * checks the store.
 *
 * If the store fails, events in memory count as kept: the adapter goes on serving devices, and the journal reports that
 * it is behind until it has caught up.
 */
export function createFileJournal(options: FileJournalOptions): Journal {
  return new FileJournal(options);
}

class FileJournal implements Journal {
  readonly #options: FileJournalOptions;
  readonly #book = new RowBook();
  readonly #writer: JournalWriter;
  #watch: StoreWatch | undefined;
  #holdings: (() => Holdings) | undefined;

  constructor(options: FileJournalOptions) {
    this.#options = options;
    this.#writer = new JournalWriter({ ...options, book: this.#book });
  }

  async recover(): Promise<Recovered> {
    const { store, clock, log } = this.#options;
    const summary = await store.open();
    this.#book.begin(summary);
    const { partOfJournal } = summary;
    if (partOfJournal)
      log.warn({ cause: partial[partOfJournal] }, 'journal may be older than the events that were sent');
    this.#watch = new StoreWatch({ store, clock, log, refill: () => this.#refill() });
    this.#writer.begin(this.#watch);
    return recoverJournal(store, this.#book, summary);
  }

  usedBy(instance: string): void {
    this.#book.usedBy(instance);
  }

  append(outbound: OutboundEvent, sinks: readonly string[], owed: readonly Owed[] = []): Kept {
    return { place: this.#book.append(outbound, sinks, owed), committed: this.#writer.commit() };
  }

  holds(place: Place): boolean {
    return this.#book.holds(place);
  }

  async read(places: readonly Place[]): Promise<readonly (OutboundEvent | undefined)[]> {
    // At the end of an outage, confirmations are stored before more is sent. Otherwise a crash would make too many events be sent again.
    await this.#writer.catchUp();
    if (this.#book.refusals > maxRefusals) throw new Error('what sinks refused is not stored yet');
    return inOrderOf(places, await this.#options.store.read('events', places));
  }

  leaveOut(sink: string, places: readonly Place[], owed: Owed): void {
    this.#book.leaveOut(sink, places, owed);
    this.#writer.storeLater();
  }

  forget(sink: string, place: Place): void {
    this.#book.forget(sink, place);
    this.#writer.storeLater();
  }

  park(sink: string, place: Place, cause: string): void {
    this.#book.park(sink, place, cause);
    this.#writer.storeLater();
  }

  endedByOthers(connections: Iterable<ConnectionId>): void {
    this.#book.endedByOthers(connections);
    this.#writer.storeLater();
  }

  note(presence: Parameters<Journal['note']>[0]): void {
    this.#book.note(presence);
    this.#writer.storeLater();
  }

  learn(rhythms: Parameters<Journal['learn']>[0]): void {
    this.#book.learn(rhythms);
    this.#writer.storeLater();
  }

  prove(changes: Parameters<Journal['prove']>[0]): void {
    this.#book.prove(changes);
    this.#writer.storeLater();
  }

  backedBy(holdings: () => Holdings): void {
    this.#holdings = holdings;
  }

  get begunAnew(): number {
    return this.#watch?.begunAnew ?? 0;
  }

  behind(): boolean {
    return this.#writer.isBehind;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  /** @returns number of events that are lost. */
  #refill(): number {
    const lost = this.#holdings ? this.#book.refill(this.#holdings()) : 0;
    this.#writer.storeLater();
    return lost;
  }
}

const partial: Readonly<Record<PartOfJournal, string>> = {
  copy: 'it is a copy: what the adapter observed since it was made is not in it',
  'without-log': 'its write-ahead log (….journal-wal) is missing: what was written last is not in it',
  unwritten: 'the run before ended while it could not be written: what was observed last is not in it',
};
