import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeRegistryStore } from '../../testing/describe-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { dropCredentialsOf } from './credential-writes.ts';
import { SqliteStore } from './sqlite-store.ts';

const unlimited = { maxDevicesPerTenant: -1 };

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'registry.db');
}

describeRegistryStore('SQLite in memory', async () => ({
  open: async (options) => new SqliteStore({ file: ':memory:', ...options }),
}));

test('contents of a file are there after the process ended', async () => {
  const file = newFile();
  const first = new SqliteStore({ file, ...unlimited });
  const version = 'v1';
  const written = await Promise.all([
    first.write({ kind: 'create-tenant', tenant: 'acme', content: { alias: 'a' }, version }),
    first.write({ kind: 'create-device', tenant: 'acme', device: 'd', content: {}, version, at: 1 }),
    first.write({ kind: 'create-device', tenant: 'nobody', device: 'd', content: {}, version, at: 1 }),
  ]);
  expect(written.map(({ status }) => status)).toEqual(['done', 'done', 'not-found']);
  const page = await first.searchDevices('acme', { pageSize: 1, pageIndex: 0, filters: [], order: [] });
  expect(page).toMatchObject({ total: 1, found: [{ id: 'd' }] });
  await first.close();
  const second = new SqliteStore({ file, ...unlimited });
  expect(await second.tenantByName('a')).toEqual({ id: 'acme', content: { alias: 'a' }, version });
  await second.close();
});

test('a close waits for earlier writes, and later ones are refused', async () => {
  const file = newFile();
  const store = new SqliteStore({ file, ...unlimited });
  const asked = store.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v' });
  const closed = store.close();
  await expect(
    store.write({ kind: 'create-tenant', tenant: 'late', content: {}, version: 'v' }),
  ).rejects.toBeInstanceOf(StoreUnavailable);
  expect(await asked).toEqual({ status: 'done' });
  await closed;
  await expect(store.tenant('acme')).rejects.toBeInstanceOf(StoreUnavailable);
});

test('a file of a later version and a file that is not a database are refused unchanged', () => {
  const file = newFile();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 1000');
  database.close();
  expect(() => new SqliteStore({ file, ...unlimited })).toThrow('written by a later version');
  expect(existsSync(file)).toBe(true);
});

test('no query of a request scans all devices or credentials of a tenant', async () => {
  const file = newFile();
  await new SqliteStore({ file, ...unlimited }).close();
  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());
  const planOf = (sql: string) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row['detail']));
  expect(
    planOf('SELECT rowid FROM devices AS here WHERE here.tenant = ? ORDER BY here.id LIMIT 30 OFFSET 9'),
  ).toEqual(['SEARCH here USING COVERING INDEX devices_by_id (tenant=?)']);
  expect(planOf('SELECT content FROM devices WHERE tenant = ? AND id = ?')).toEqual([
    'SEARCH devices USING INDEX devices_by_id (tenant=? AND id=?)',
  ]);
  expect(planOf(dropCredentialsOf)).toEqual([
    'SEARCH credentials USING INDEX credentials_of_devices (tenant=? AND device=?)',
  ]);
});

test('a plain page does not wait for searches that read every device', async () => {
  const store = new SqliteStore({ file: newFile(), ...unlimited });
  onTestFinished(() => store.close());
  await store.write({ kind: 'create-tenant', tenant: 'acme', content: {}, version: 'v' });
  const device = (index: number) =>
    ({ kind: 'create-device', tenant: 'acme', device: `d-${index}`, version: 'v', at: 1 }) as const;
  const content = { ext: { text: 'x'.repeat(200) } };
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => store.write({ ...device(index), content })));
  const page = { pageSize: 1, pageIndex: 0, filters: [], order: [] };
  const filters = [{ path: ['ext', 'text'], op: 'eq', values: ['*y'] }] as const;
  const lookedBeforeThePage = async (): Promise<number> => {
    let looked = 0;
    const looks = Array.from({ length: 20 }, async () => {
      await store.searchDevices('acme', { ...page, filters });
      looked += 1;
    });
    await store.searchDevices('acme', page);
    const before = looked;
    await Promise.all(looks);
    return before;
  };
  // The first time its thread has to begin; and any time a busy machine may let all of the others go first.
  await expect.poll(lookedBeforeThePage).toBeLessThan(20);
});

test('nothing is written to a file that was taken away, until it is put back', async () => {
  const file = newFile();
  const store = new SqliteStore({ file, ...unlimited });
  onTestFinished(() => store.close());
  const write = (tenant: string) =>
    store.write({ kind: 'create-tenant', tenant, content: {}, version: 'v' } as const);
  expect([await write('one'), store.writeTrouble]).toEqual([{ status: 'done' }, undefined]);
  const folder = dirname(file);
  renameSync(folder, `${folder}.away`);
  onTestFinished(() => rmSync(`${folder}.away`, { recursive: true, force: true }));
  expect(store.writeTrouble).toContain('removed or replaced');
  await expect(write('two')).rejects.toBeInstanceOf(StoreUnavailable);
  expect(await store.tenant('two')).toBeUndefined();
  expect((await store.tenant('one'))?.id).toBe('one');
  renameSync(`${folder}.away`, folder);
  expect([await write('two'), store.writeTrouble]).toEqual([{ status: 'done' }, undefined]);
});
