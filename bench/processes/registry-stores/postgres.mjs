import { createRequire } from 'node:module';
import { startPostgres } from '@rollcall/conformance/machine';
import { systemClock } from '@rollcall/core/environment';
import { statOf, treeCpuMs } from '../../measure/process-tree.mjs';

const noLog = { debug() {}, info() {}, warn() {}, error() {} };

/** The PostgreSQL store of the registry in a server of its own, filled by this. @param {(store: any) => Promise<number>} fill */
export async function openPostgres(fill) {
  const app = new URL('../../../apps/device-registry/', import.meta.url);
  const { PostgresStore } = await import(new URL('src/store/postgres/postgres-store.ts', app).href);
  const { Client } = createRequire(new URL('../../packages/postgres/', app))('pg');
  const server = await startPostgres();
  const url = server.newDatabase();
  const store = await PostgresStore.open({ url, clock: systemClock, log: noLog, maxDevicesPerTenant: -1 });
  const client = new Client({ connectionString: url });
  await client.connect();
  await multiply(client, await fill(store));
  const backend = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  const serverPid = statOf(backend).parent;
  const { rows } = await client.query('SELECT pg_database_size(current_database())::float8 AS bytes');
  return {
    store,
    bytes: rows[0].bytes,
    /** Of this process and of the server, with all that it started. */
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000 + treeCpuMs(serverPid);
    },
    async cleanUp() {
      await client.end();
      await server.cleanUp();
    },
  };
}

/** As in SQLite. @param {{ query(text: string): Promise<unknown> }} client @param {number} devices */
async function multiply(client, devices) {
  const numbers = `generate_series(1, ${devices - 1}) AS n`;
  await client.query(`
    INSERT INTO devices (tenant, id, content, version, credentials_version, created_at)
    SELECT tenant, 'device-' || n, content, version, credentials_version, created_at
    FROM ${numbers}, (SELECT * FROM devices WHERE id = 'device-0') AS first`);
  await client.query(`
    INSERT INTO credentials (tenant, type, auth_id, device, position, content)
    SELECT tenant, type, 'device-' || n, 'device-' || n, position,
      replace(content::text, '"device-0"', '"device-' || n || '"')::jsonb
    FROM ${numbers}, (SELECT * FROM credentials WHERE device = 'device-0') AS first`);
  await client.query(`UPDATE device_counts SET devices = ${devices}`);
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}
