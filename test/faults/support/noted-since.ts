import { DatabaseSync } from 'node:sqlite';

/** Of how many connections the journal of a running adapter says: heard at `since` (Unix ms) or later. */
export function notedSince(journal: string, since: number): number {
  const database = new DatabaseSync(journal, { readOnly: true, timeout: 1_000 });
  try {
    const found = database
      .prepare('SELECT count(*) AS noted FROM standing WHERE open = 1 AND last_seen >= ?')
      .get(since);
    return Number(found?.['noted']);
  } finally {
    database.close();
  }
}
