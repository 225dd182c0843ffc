import { createRequire } from 'node:module';
import { startPostgres } from '@rollcall/conformance/machine';
import { systemClock } from '@rollcall/core/environment';
import { statOf, treeCpuMs } from '../../measure/process-tree.mjs';
import { multiplyDevices } from './multiply-devices.mjs';

/** Where something is changed, and not only added. */
const vacuumed = ['connections', 'devices', 'counts', 'adapters'];
/** Of `autovacuum_vacuum_scale_factor`, as PostgreSQL comes. */
const autovacuumShare = 0.2;
const noLog = { debug() {}, info() {}, warn() {}, error() {} };

/** The PostgreSQL store in a server of its own, beside a table of bare inserts in the same server. */
export async function openPostgres() {
  const app = new URL('../../../apps/presence/', import.meta.url);
  const { PostgresStore } = await import(new URL('src/store/postgres/postgres-store.ts', app).href);
  const { Client } = createRequire(app)('pg');
  const server = await startPostgres();
  const url = server.newDatabase();
  const store = await PostgresStore.open({
    url,
    clock: systemClock,
    log: noLog,
    announceIntervalMs: 3_600_000,
  });
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE events (id TEXT PRIMARY KEY, text TEXT NOT NULL)');
  const backend = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  const serverPid = statOf(backend).parent;
  // Otherwise what was filled in is vacuumed while something else is measured.
  for (const table of vacuumed) await client.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await client.query('ALTER TABLE events SET (autovacuum_enabled = false)');
  return {
    store,
    multiply: (/** @type {number} */ first, /** @type {number} */ devices) =>
      multiplyDevices(client, first, devices),
    /** As after a vacuum and a checkpoint: each page that is changed for the first time is written whole. */
    async settle() {
      await client.query('VACUUM (ANALYZE)');
      await client.query('CHECKPOINT');
    },
    /**
     * The vacuum that is due once a fifth of a table is another, spread over the events that make it so: one of two adds a row. What
     * ANALYZE takes depends little on the size, and would make few devices look dear.
     */
    async vacuumMsPerEvent() {
      const before = this.cpuMs();
      for (const table of vacuumed) await client.query(`VACUUM (INDEX_CLEANUP ON) ${table}`);
      const usedMs = this.cpuMs() - before;
      const { rows } = await client.query('SELECT count(*)::float8 AS count FROM connections');
      return usedMs / (2 * autovacuumShare * rows[0].count);
    },
    /** The least that keeps an event: its text under its id, a statement for each batch. */
    floor: {
      /** @param {readonly { id?: string }[]} batch */
      async apply(batch) {
        await client.query('INSERT INTO events SELECT * FROM unnest($1::text[], $2::text[])', [
          batch.map(({ id }) => id),
          batch.map((event) => JSON.stringify(event)),
        ]);
      },
    },
    /** Of this process and of the server, with all that it started. */
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000 + treeCpuMs(serverPid);
    },
    async bytes() {
      const { rows } = await client.query(
        `SELECT sum(pg_total_relation_size(oid))::float8 AS bytes FROM pg_class
         WHERE relkind = 'r' AND relname IN ('connections', 'devices', 'adapters', 'changes', 'counts')`,
      );
      return Number(rows[0].bytes);
    },
    /** The server does not say how many it wrote for whom. */
    pages: () => undefined,
    async close() {
      await client.end();
      await store.close();
      await server.cleanUp();
    },
  };
}
