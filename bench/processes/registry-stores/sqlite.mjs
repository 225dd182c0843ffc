import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The SQLite store of the registry in a folder, filled by this. @param {string} directory @param {(store: any) => Promise<number>} fill */
export async function openSqlite(directory, fill) {
  const app = new URL('../../../apps/device-registry/src/store/sqlite/sqlite-store.ts', import.meta.url).href;
  const { SqliteStore } = await import(app);
  const file = join(directory, 'registry.db');
  const open = () => new SqliteStore({ file, maxDevicesPerTenant: -1 });
  const first = open();
  const devices = await fill(first);
  await first.close();
  multiply(file, devices);
  return {
    store: open(),
    bytes: statSync(file).size,
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    async cleanUp() {},
  };
}

/** Devices like the first one, up to this number: each made by a request, a million would take longer than all that is measured. @param {string} file @param {number} devices */
function multiply(file, devices) {
  const database = new DatabaseSync(file);
  const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${devices})`;
  database.exec('PRAGMA journal_mode = WAL; BEGIN');
  database.exec(`
    ${numbers} INSERT INTO devices (tenant, id, content, version, credentials_version, created_at)
    SELECT tenant, 'device-' || n, content, version, credentials_version, created_at
    FROM numbers, (SELECT * FROM devices WHERE id = 'device-0');
    ${numbers} INSERT INTO credentials (tenant, type, auth_id, device, position, content)
    SELECT tenant, type, 'device-' || n, 'device-' || n, position, replace(content, '"device-0"', '"device-' || n || '"')
    FROM numbers, (SELECT * FROM credentials WHERE device = 'device-0');
    UPDATE device_counts SET devices = ${devices};
    COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
}
