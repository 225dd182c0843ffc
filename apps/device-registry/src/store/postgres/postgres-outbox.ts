import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import { later } from '@rollcall/core/environment';
import type { Client, Queries } from '@rollcall/postgres';
import {
  subjectOf,
  type ChangeOutbox,
  type ChangeSubject,
  type KeepBounds,
  type KeptChange,
  type KeptFigures,
} from '../change-outbox.ts';
import type { StoredChange } from '../registry-write.ts';

export interface PostgresOutboxParts {
  readonly queries: Pick<Queries, 'query'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** The name of this replica. */
  readonly name: string;
}

/** How long a turn lasts. If a replica dies in its turn, the others wait for so long. */
const turnSeconds = 10;
/** After this part of a turn, the replica must take it again before it sends: clocks run at different speeds, and queries take time. */
const usedMs = 4_000;
/** How long to wait before asking for a turn that another replica has: not with each change. */
const anothersMs = 1_000;

interface KeptRow {
  readonly number: number;
  readonly at: number;
  readonly change: StoredChange;
}

/** The outbox in a table that several replicas share. */
export class PostgresOutbox implements ChangeOutbox {
  readonly #parts: PostgresOutboxParts;
  #turnEnds = -Infinity as Instant;
  #notBefore = -Infinity as Instant;

  constructor(parts: PostgresOutboxParts) {
    this.#parts = parts;
  }

  async takeTurn(): Promise<boolean> {
    const { queries, clock, name } = this.#parts;
    const asked = clock.monotonic();
    if (asked < this.#turnEnds) return true;
    if (asked < this.#notBefore) return false;
    const { rowCount } = await queries.query(
      `INSERT INTO change_teller AS t (one, name, until) VALUES (true, $1, now() + $2 * interval '1 s')
       ON CONFLICT (one) DO UPDATE SET name = excluded.name, until = excluded.until
       WHERE t.name = excluded.name OR t.until < now()`,
      [name, turnSeconds],
    );
    if (rowCount !== 1) {
      this.#notBefore = later(asked, anothersMs);
      return false;
    }
    this.#turnEnds = later(asked, usedMs);
    return true;
  }

  async giveTurn(): Promise<void> {
    const { queries, name } = this.#parts;
    this.#turnEnds = -Infinity as Instant;
    await queries.query('DELETE FROM change_teller WHERE name = $1', [name]);
  }

  async first(subject: ChangeSubject, after: number, limit: number): Promise<readonly KeptChange[]> {
    const { rows } = await this.#parts.queries.query<KeptRow>(
      'SELECT number, at, change FROM kept_changes WHERE subject = $1 AND number > $2 ORDER BY number LIMIT $3',
      [subject, after, limit],
    );
    return rows;
  }

  async figures(subject: ChangeSubject): Promise<KeptFigures> {
    const { rows } = await this.#parts.queries.query<{ waiting: number; oldest: number | null }>(
      `SELECT count(*) AS waiting,
         (SELECT at FROM kept_changes WHERE subject = $1 ORDER BY number LIMIT 1) AS oldest
       FROM kept_changes WHERE subject = $1`,
      [subject],
    );
    const { waiting = 0, oldest = null } = rows[0] ?? {};
    return { waiting, ...(oldest !== null && { oldestAt: oldest }) };
  }

  async remove(subject: ChangeSubject, upTo: number): Promise<void> {
    await this.#parts.queries.query('DELETE FROM kept_changes WHERE subject = $1 AND number <= $2', [
      ...[subject, upTo],
    ]);
  }

  async removeBeyond(subject: ChangeSubject, { maxKept, from }: KeepBounds): Promise<number> {
    const { rowCount } = await this.#parts.queries.query(
      `DELETE FROM kept_changes WHERE subject = $1 AND (at < $2 OR number <=
         (SELECT number FROM kept_changes WHERE subject = $1 ORDER BY number DESC LIMIT 1 OFFSET $3))`,
      [subject, from, maxKept],
    );
    return rowCount ?? 0;
  }
}

/** Keeps changes, within the transaction that makes them. Writers take turns, so the numbers follow the order of commits. */
export async function keepChanges(
  client: Client,
  changes: readonly StoredChange[],
  at: number,
): Promise<void> {
  if (changes.length === 0) return;
  await client.query(
    `INSERT INTO kept_changes (subject, at, change)
     SELECT subject, $1, change::jsonb FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS kept (subject, change, place)
     ORDER BY place`,
    [at, changes.map(subjectOf), changes.map((change) => JSON.stringify(change))],
  );
}
