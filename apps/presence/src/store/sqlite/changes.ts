import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { changesRead, positionText, positionNumber, type ChangeRow } from '../fold/change-position.ts';
import type { ChangesRead } from '../presence-store.ts';

/** How many changes one call of `drop` removes, at most. */
const dropChanges = 5_000;

/** The log of changes. There is one writer, so the numbers follow the order of commits. */
export class Changes {
  readonly #name: string;
  readonly #max: number;
  readonly #last: StatementSync;
  readonly #first: StatementSync;
  readonly #read: StatementSync;
  readonly #drop: StatementSync;

  /** @param maxChanges how many changes the log keeps. A reader that missed more gets a snapshot. */
  constructor(database: DatabaseSync, name: string, maxChanges: number) {
    this.#name = name;
    this.#max = maxChanges;
    // The table may be empty: all rows can have been dropped. The sequence still has the last number.
    this.#last = database.prepare("SELECT seq AS number FROM sqlite_sequence WHERE name = 'changes'");
    this.#first = database.prepare('SELECT min(number) AS number FROM changes');
    this.#read = database.prepare(
      'SELECT number, state FROM changes WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?',
    );
    this.#drop = database.prepare(
      `DELETE FROM changes WHERE number IN
         (SELECT number FROM changes WHERE number <= ? ORDER BY number LIMIT ${dropChanges})`,
    );
  }

  position(): string {
    return positionText(this.#name, this.#lastNumber());
  }

  read(tenant: string, after: string, limit: number): ChangesRead | 'gone' {
    const begin = positionNumber(this.#name, after);
    const last = this.#lastNumber();
    const { number: first } = this.#first.get() as { readonly number: number | null };
    if (begin === undefined || begin > last || begin < (first ?? last + 1) - 1) return 'gone';
    const rows = this.#read.all(tenant, begin, limit) as unknown as readonly ChangeRow[];
    return changesRead(this.#name, rows, limit, last);
  }

  /** @returns how many were dropped. */
  drop(): number {
    return Number(this.#drop.run(this.#lastNumber() - this.#max).changes);
  }

  #lastNumber(): number {
    const row = this.#last.get() as { readonly number: number } | undefined;
    return row?.number ?? 0;
  }
}
