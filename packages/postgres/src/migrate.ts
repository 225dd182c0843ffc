import type { Queries } from './queries.ts';

export interface Migration {
  /** The name of the table that has the version. */
  readonly table: string;
  /** SQL. Released steps never change; a new one is added at the end. */
  readonly steps: readonly string[];
  /** The version to migrate to; tests use older ones. */
  readonly newest?: number;
}

/** Migrates the database to the newest version, all steps or none. If several replicas start, one migrates. @throws Error if it is of a later version */
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
