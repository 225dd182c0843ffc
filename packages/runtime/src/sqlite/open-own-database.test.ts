import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openOwnDatabase } from './open-own-database.ts';

class Store {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x)');
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

function given() {
  const root = mkdtempSync(join(tmpdir(), 'rollcall-own-database-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const directory = join(root, 'new');
  const open = (make: (file: string) => Store = (file) => new Store(file)) =>
    openOwnDatabase({ directory, name: 'x', program: 'program' }, make);
  return { directory, open };
}

test('a database is for its owner alone', async () => {
  const { directory, open } = given();
  const store = open();
  onTestFinished(() => store.close());
  const files = readdirSync(directory).toSorted();
  expect(files).toEqual(expect.arrayContaining(['x.db', 'x.db-wal', 'x.lock']));
  for (const path of [directory, ...files.map((file) => join(directory, file))])
    expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
});

test('a database is open once at a time, and may be opened again after it was closed', async () => {
  const { open } = given();
  const store = open();
  expect(() => open()).toThrow('another program uses it');
  await store.close();
  await open().close();
});

test('a database that cannot be opened is not kept from the next who tries', async () => {
  const { open } = given();
  expect(() =>
    open(() => {
      throw new Error('broken');
    }),
  ).toThrow('broken');
  await open().close();
});
