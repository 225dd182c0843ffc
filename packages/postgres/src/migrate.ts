import type { Queries } from './queries.ts';

export interface Migration {
  /** Of the table that holds the version. */
  readonly table: string;
  /** SQL. Steps that were released never change; a new one is added at the end. */
  readonly steps: readonly string[];
  /** A test may want an older version. */
  readonly newest?: number;
}

/** Brings the database to the newest version, all steps or none; of several replicas, one does. @throws Error where it is of a later one */
export async function migrate(
  queries: Pick<Queries, 'patiently'>,
  { table, steps, newest = steps.length }: Migration,
): Promise<void> {
  await queries.patiently(async (client) => {
    await client.query(`CREATE TABLE IF NOT EXISTS ${table} (version INTEGER NOT NULL)`);
    const { rows } = await client.query<{ readonly version: number }>(`SELECT version FROM ${table}`);
    const version = rows[0]?.version ?? 0;
    if (version > steps.length)
      throw new Error(
        `it was written by a later version of this program (${version}, this one knows ${steps.length})`,
      );
    if (version >= newest) return;
    for (const step of steps.slice(version, newest)) await client.query(step);
    await client.query(`DELETE FROM ${table}`);
    await client.query(`INSERT INTO ${table} VALUES ($1)`, [newest]);
  });
}
