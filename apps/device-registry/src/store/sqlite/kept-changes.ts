import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  subjectOf,
  type ChangeSubject,
  type KeepBounds,
  type KeptChange,
  type KeptFigures,
} from '../change-outbox.ts';
import type { StoredChange } from '../registry-write.ts';

/** Writes to the table of changes that are not sent yet, within the caller's transaction. */
export class KeptChangeWrites {
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeBeyond: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare('INSERT INTO kept_changes (subject, at, change) VALUES (?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM kept_changes WHERE subject = ? AND number <= ?');
    this.#removeBeyond = database.prepare(
      `DELETE FROM kept_changes WHERE subject = :subject AND (at < :from OR number <=
         (SELECT number FROM kept_changes WHERE subject = :subject ORDER BY number DESC LIMIT 1 OFFSET :maxKept))`,
    );
  }

  add(changes: readonly StoredChange[], at: number): void {
    for (const change of changes) this.#add.run(subjectOf(change), at, JSON.stringify(change));
  }

  remove(subject: ChangeSubject, upTo: number): number {
    return Number(this.#remove.run(subject, upTo).changes);
  }

  removeBeyond(subject: ChangeSubject, { maxKept, from }: KeepBounds): number {
    return Number(this.#removeBeyond.run({ subject, maxKept, from }).changes);
  }
}

/** Reads that table. */
export class KeptChangeReads {
  readonly #first: StatementSync;
  readonly #count: StatementSync;
  readonly #oldest: StatementSync;

  constructor(database: DatabaseSync) {
    this.#first = database.prepare(
      'SELECT number, at, change FROM kept_changes WHERE subject = ? AND number > ? ORDER BY number LIMIT ?',
    );
    this.#count = database.prepare('SELECT count(*) AS waiting FROM kept_changes WHERE subject = ?');
    this.#oldest = database.prepare('SELECT at FROM kept_changes WHERE subject = ? ORDER BY number LIMIT 1');
  }

  first(subject: ChangeSubject, after: number, limit: number): readonly KeptChange[] {
    return this.#first.all(subject, after, limit).map((row) => ({
      number: Number(row['number']),
      at: Number(row['at']),
      change: JSON.parse(String(row['change'])) as StoredChange,
    }));
  }

  figures(subject: ChangeSubject): KeptFigures {
    const oldest = this.#oldest.get(subject);
    const waiting = Number(this.#count.get(subject)?.['waiting'] ?? 0);
    return { waiting, ...(oldest && { oldestAt: Number(oldest['at']) }) };
  }
}
