import type { ConnectionId, Epoch } from '@rollcall/core';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import { SplitMap } from '@rollcall/core/internal';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { Holdings, Journal, OpenEntry, Owed, Place } from './journal.ts';
import { factsOf } from './facts-of.ts';
import { isOpenHere } from './is-open-here.ts';
import { KnownRows } from './known-rows.ts';
import { createOwedBook, type OwedChange } from './owed-book.ts';
import { createProofBook } from './proof-book.ts';
import { createRhythmBook } from './rhythm-book.ts';
import { RowChanges } from './row-changes.ts';
import { notedOf, rowOf, type Row } from './row.ts';
import { createSettlements } from './settlements.ts';
import type { Batch, StoredOpen, StoreSummary } from './store/stored.ts';
import { UnstoredFacts } from './unstored-facts.ts';

/** A batch, and the calls for its outcome. */
export interface PendingBatch {
  readonly batch: Batch;
  readonly rows: number;
  stored(): void;
  /** Puts the changes back, after the others, so that a change that cannot be stored does not block them. */
  failed(): void;
}

type Changing = Pick<
  Journal,
  'usedBy' | 'leaveOut' | 'forget' | 'park' | 'endedByOthers' | 'note' | 'learn' | 'prove' | 'holds'
>;

/**
 * The changes that still have to be stored. Changes of one event that were not taken yet are merged into one, or into
 * none. So however long the store is away, only events wait for it that are open, unconfirmed or parked now, and those that are
 * to be removed. Stored events that only wait are forgotten here: after an outage of the network there are many.
 */
export class RowBook implements Changing {
  readonly #known = new KnownRows();
  readonly #open = new SplitMap<Row>();
  readonly #settlements = createSettlements();
  readonly #rhythms = createRhythmBook();
  readonly #proofs = createProofBook();
  readonly #owed = createOwedBook<Row>();
  readonly #facts = new UnstoredFacts();
  #nextSeq: Place = 1;
  #refills = 0;

  /** Continues after the last place of the store. Call it once, before everything else. */
  begin({ highWater, lastSeq }: StoreSummary): void {
    this.#facts.begin(highWater as Epoch | undefined);
    this.#nextSeq = lastSeq + 1;
  }

  /** Takes up connections that are open in the store. */
  reopen(page: readonly StoredOpen[]): readonly OpenEntry[] {
    const rows = page.map((stored) => this.#reopenOne(stored)).filter((row) => row !== undefined);
    return rows.flatMap(({ event, noted }) => (event ? [{ event, ...(noted && { noted }) }] : []));
  }

  #reopenOne({ seq, facts, announcement, standing }: StoredOpen): Row | undefined {
    const event = JSON.parse(facts) as ConnectedEvent;
    // Parked events are tried again at every start.
    const waiting = [...new Set([...standing.waiting, ...Object.keys(standing.parked)])];
    const row = rowOf(seq, undefined, waiting);
    row.noted = notedOf(standing);
    row.movedHere = announcement;
    row.offered = true;
    this.#known.add(row);
    const first = this.#open.get(event.connectionId);
    if (first) {
      this.#isOpenAlready(row, first);
      return undefined;
    }
    row.event = event;
    this.#open.set(event.connectionId, row);
    return row;
  }

  /** Earlier versions kept a lease that moved as open twice: first as it is here, then as the other adapter began it, with all notes. */
  #isOpenAlready(again: Row, first: Row): void {
    first.noted = again.noted ?? first.noted;
    this.#known.note(first);
    this.#known.change(again);
  }

  usedBy(instance: string): void {
    this.#facts.usedBy(instance);
  }

  append(outbound: OutboundEvent, sinks: readonly string[], owed: readonly Owed[]): Place {
    const { event } = outbound;
    if (outbound.ofAnother !== true) this.#facts.appended(event);
    const row = rowOf(this.#nextSeq++, outbound, sinks);
    row.facts = factsOf(outbound);
    if (isOpenHere(outbound)) row.event = outbound.event;
    row.movedHere = row.event !== undefined && outbound.announcement === true;
    this.#known.add(row);
    this.#known.change(row);
    for (const each of owed) tie(row, this.#owed.note(each));
    if (row.event || event.type === 'disconnected') this.#closeOpen(event, row);
    if (row.event) this.#open.set(event.connectionId, row);
    return row.seq;
  }

  /** The event that opened the connection does not keep it open any more: both change in one transaction. @param by the later event. */
  #closeOpen({ connectionId }: ConnectionEvent, by: Row): void {
    const connected = this.#open.get(connectionId);
    if (!connected) return;
    this.#open.delete(connectionId);
    connected.event = undefined;
    connected.partner = by;
    by.partner = connected;
    this.#known.change(connected);
  }

  holds(place: Place): boolean {
    const row = this.#known.get(place);
    return row ? row.outbound === undefined : place < this.#nextSeq;
  }

  leaveOut(sink: string, places: readonly Place[], owed: Owed): void {
    const owing = this.#owed.note(owed);
    for (const place of places) {
      const row = this.#known.get(place);
      if (row) {
        this.#settle(row, sink);
        tie(row, owing);
      } else {
        owing.settled.push([place, [{ sink }]]);
      }
    }
  }

  forget(sink: string, place: Place): void {
    const row = this.#known.get(place);
    if (row) this.#settle(row, sink);
    else this.#settlements.add(place, { sink });
  }

  park(sink: string, place: Place, refusal: string): void {
    const row = this.#known.get(place);
    if (!row) {
      this.#settlements.add(place, { sink, refusal });
      return;
    }
    row.parked = { ...row.parked, [sink]: refusal };
    this.#settle(row, sink);
  }

  #settle(row: Row, sink: string): void {
    row.waiting = row.waiting.filter((each) => each !== sink);
    this.#known.change(row);
  }

  endedByOthers(connections: Iterable<ConnectionId>): void {
    for (const connection of connections) {
      const row = this.#open.get(connection);
      if (!row) continue;
      this.#open.delete(connection);
      row.event = undefined;
      this.#known.change(row);
    }
  }

  note(presence: Parameters<Journal['note']>[0]): void {
    for (const [connection, noted] of presence) {
      const row = this.#open.get(connection);
      if (!row) continue;
      row.noted = noted;
      this.#known.note(row);
    }
  }

  learn(changes: Parameters<Journal['learn']>[0]): void {
    this.#rhythms.learn(changes);
  }

  prove(changes: Parameters<Journal['prove']>[0]): void {
    this.#proofs.note(changes);
  }

  /** The store has lost everything: it gets everything that is in memory. Returns the number of events that are lost. */
  refill({ waiting, owed, rhythms, proofs: { key, proofs: noted } }: Holdings): number {
    this.#refills += 1;
    this.#facts.refill();
    const lost = this.#known.refill(waiting());
    for (const each of owed) this.#owed.note(each);
    this.#rhythms.putBack(rhythms);
    this.#proofs.note({ key, noted, forgotten: [] });
    return lost;
  }

  /** Number of changes that were not taken yet: of rows, settlements, rhythms, proofs, and what is owed for devices. */
  get backlog(): number {
    return (
      this.#known.changed.size +
      this.#settlements.size +
      this.#rhythms.size +
      this.#proofs.size +
      this.#owed.size
    );
  }

  /** How often a row began to differ from the store, until now. */
  get changes(): number {
    return this.#known.changes;
  }

  /** Whether a batch took every row that differed from the store when {@link changes} was this number, unless it has no changes any more. */
  hasTaken(changes: number): boolean {
    return this.#known.oldestChange > changes;
  }

  /** How many of these changes are refusals of events whose standing only the store knows. */
  get refusals(): number {
    return this.#settlements.refusals;
  }

  /** Hands out the oldest changes, of `maxRows` rows or a few more; `undefined` if there are none. */
  take(maxRows: number): PendingBatch | undefined {
    if (this.backlog === 0 && this.#facts.isEmpty) return undefined;
    const changes = new RowChanges(this.#known, this.#owed);
    changes.takeOldest(maxRows);
    let rows = changes.rows.length;
    const settled = this.#settlements.take(maxRows - rows);
    rows += settled.length;
    const learned = this.#rhythms.take(maxRows - rows);
    rows += learned.length;
    const proved = this.#proofs.take(maxRows - rows);
    rows += proved.marks.length;
    const facts = this.#facts.take();
    const takenAfter = this.#refills;

    const failed = (): void => {
      changes.putBack();
      this.#settlements.putBack(settled);
      this.#rhythms.putBack(learned);
      this.#proofs.putBack(proved);
    };
    const stored = (): void => {
      // The batch may be in a store that has been replaced since.
      if (takenAfter !== this.#refills) {
        failed();
        return;
      }
      this.#facts.stored(facts);
      this.#proofs.stored(proved);
      changes.stored();
    };
    return {
      batch: {
        ...facts,
        removed: changes.removed,
        inserted: changes.inserted,
        updated: changes.updated,
        settled: [...settled, ...changes.owed.flatMap((owing) => owing.settled)],
        rhythms: learned.map(([holder, gaps]) => [holder, gaps && JSON.stringify(gaps)] as const),
        ...(proved.marks.length > 0 && { proofs: proved }),
        ...(this.backlog > 0 && { moreWaits: true }),
        ...(changes.owed.length > 0 && {
          owed: changes.owed.flatMap(({ owed }) => Array.from(owed.values())),
        }),
      },
      rows,
      stored,
      failed,
    };
  }
}

function tie(row: Row, owing: OwedChange<Row>): void {
  owing.rows.add(row);
  row.owedWith = owing.key;
}
