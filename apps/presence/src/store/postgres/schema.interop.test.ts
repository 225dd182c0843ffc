import { ManualClock } from '@rollcall/conformance';
import { hasDebianPackage, startPostgres, type Postgres } from '@rollcall/conformance/machine';
import { silentLog } from '@rollcall/core/environment';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { answersOf } from '../../testing/answers-of.ts';
import { randomStream } from '../../testing/store/random-stream.ts';
import { connected, connectionId, disconnected } from '../../testing/received.ts';
import { PostgresStore } from './postgres-store.ts';
import { presenceQueries } from './presence-queries.ts';
import { migrate, steps } from './schema.ts';

const tables = ['meta', 'connections', 'devices', 'adapters', 'changes', 'instances'];
const versions = steps.slice(1).map((_, index) => index + 1);

describe.runIf(hasDebianPackage('postgresql'))('a database of an older version', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.cleanUp());

  async function over<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** The same rows in tables of an older version. What that did not keep is not there. */
  async function asBefore(url: string, version: number): Promise<string> {
    const copy = postgres.newDatabase();
    const queries = presenceQueries(copy, () => {});
    await migrate(queries, version);
    await queries.close();
    for (const table of tables) {
      const rows = await over(
        url,
        async (client) => (await client.query<object>(`SELECT * FROM ${table}`)).rows,
      );
      await over(copy, (client) => insertKnown(client, table, rows));
    }
    await over(copy, (client) =>
      client.query(
        "SELECT setval(pg_get_serial_sequence('changes', 'number'), (SELECT max(number) FROM changes))",
      ),
    );
    return copy;
  }

  test.each(versions.map((version) => ({ version, seed: 3 })))(
    'gives the same answers after a migration from version $version, and takes further events',
    async ({ version, seed }) => {
      const clock = new ManualClock('2026-11-28T12:00:00Z');
      const open = async (url: string): Promise<PostgresStore> => {
        const store = await PostgresStore.open({ url, clock, announceIntervalMs: 3_600_000, log: silentLog });
        onTestFinished(() => store.close());
        return store;
      };
      const url = postgres.newDatabase();
      const now = await open(url);
      await now.apply(randomStream(seed));
      const copy = await asBefore(url, version);
      const before = await open(copy);
      for (const round of [0, 1]) {
        for (const each of [now, before]) if (round === 1) await each.apply(randomStream(seed + 100));
        expect(await answersOf(before)).toEqual(await answersOf(now));
      }
      const begin = connected({ connectionId: connectionId(90) });
      await before.apply([begin, disconnected(begin)]);
      const { counted, mustBe } = await over(copy, countsOf);
      expect(counted).toEqual(mustBe);
    },
  );
});

/** The columns that the table has. */
async function insertKnown(client: pg.Client, table: string, rows: readonly object[]): Promise<void> {
  const known = await client.query<{ readonly name: string }>(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1',
    [table],
  );
  const names = known.rows.map(({ name }) => `"${name}"`).join(', ');
  if (names === '' || rows.length === 0) return;
  await client.query(
    `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE
     SELECT ${names} FROM json_populate_recordset(NULL::${table}, $1::json)`,
    [JSON.stringify(rows)],
  );
}

/** What is counted as devices change, and what is there. */
async function countsOf(client: pg.Client) {
  const kind =
    "tenant, status, coalesce(protocol, '') AS protocol, coalesce(reason, '') AS reason, coalesce(adapter_id, '') AS adapter_id";
  const counted = await client.query<object>('SELECT * FROM counts ORDER BY 1, 2, 3, 4, 5');
  const mustBe = await client.query<object>(
    `SELECT ${kind}, count(*) AS number FROM devices GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
  );
  return { counted: counted.rows, mustBe: mustBe.rows };
}
