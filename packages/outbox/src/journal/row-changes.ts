import { besideFactsOf, factsOf } from './facts-of.ts';
import type { KnownRows } from './known-rows.ts';
import type { OwedBook, OwedChange } from './owed-book.ts';
import { isKept, standingOf, type Row } from './row.ts';
import type { Standing, StandingEvent } from './store/stored.ts';

/** The changes of rows that go into one batch: each with everything that must be stored in the same transaction. */
export class RowChanges {
  readonly rows: Row[] = [];
  readonly removed: number[] = [];
  readonly inserted: StandingEvent[] = [];
  readonly updated: (readonly [seq: number, standing: Standing])[] = [];
  readonly owed: OwedChange<Row>[] = [];
  readonly #known: KnownRows;
  readonly #owedBook: OwedBook<Row>;

  constructor(known: KnownRows, owedBook: OwedBook<Row>) {
    this.#known = known;
    this.#owedBook = owedBook;
  }

  /** Takes the oldest changes, of `maxRows` rows or a few more. */
  takeOldest(maxRows: number): void {
    for (const row of this.#known.changed) {
      if (this.rows.length >= maxRows) break;
      this.#takeRow(row);
    }
    for (let key = this.#owedBook.first(); key !== undefined; key = this.#owedBook.first()) {
      if (this.rows.length + this.owed.length >= maxRows) break;
      this.#takeOwed(key);
    }
  }

  /** The changes could not be stored. */
  putBack(): void {
    for (const row of this.rows) this.#known.putBack(row);
    for (const owing of this.owed) {
      this.#owedBook.putBack(owing);
      for (const row of owing.rows) row.owedWith = owing.key;
    }
  }

  stored(): void {
    for (const row of this.rows) this.#known.stored(row);
  }

  #takeRow(row: Row): void {
    this.#known.take(row);
    this.rows.push(row);
    if (!isKept(row)) {
      if (row.offered) this.removed.push(row.seq);
    } else if (row.outbound) {
      const { seq, outbound } = row;
      const downstream = besideFactsOf(outbound);
      this.inserted.push({
        seq,
        facts: row.facts ?? factsOf(outbound),
        downstream,
        standing: standingOf(row),
      });
      row.offered = true;
    } else {
      this.updated.push([row.seq, standingOf(row)]);
    }
    if (row.partner && this.#known.changed.has(row.partner)) this.#takeRow(row.partner);
    if (row.owedWith !== undefined) this.#takeOwed(row.owedWith);
  }

  #takeOwed(key: string): void {
    const owing = this.#owedBook.take(key);
    if (!owing) return;
    this.owed.push(owing);
    for (const row of owing.rows) {
      row.owedWith = undefined;
      if (this.#known.changed.has(row)) this.#takeRow(row);
    }
  }
}
