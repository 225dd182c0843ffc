import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFilesOf, whyOutOfPlace } from './open-files.ts';

function given() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-open-files-'));
  const file = join(folder, 'x.db');
  const database = new DatabaseSync(file);
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x)');
  return { folder, file, database, files: openFilesOf(file) };
}

test('a database that is written, and one that was put back, are in their place', () => {
  const { file, database, files } = given();
  expect(files).toHaveLength(3);
  database.exec('INSERT INTO t VALUES (1); PRAGMA wal_checkpoint(TRUNCATE); VACUUM');
  expect(whyOutOfPlace(files)).toBeUndefined();
  renameSync(file, `${file}.old`);
  expect(whyOutOfPlace(files)).toContain(`${file} was removed or replaced`);
  renameSync(`${file}.old`, file);
  expect(whyOutOfPlace(files)).toBeUndefined();
});

test.each(['', '-wal', '-shm'])('a database whose file x.db%s is removed or replaced is not', (end) => {
  const { file, files } = given();
  copyFileSync(`${file}${end}`, `${file}.copy`);
  rmSync(`${file}${end}`);
  expect(whyOutOfPlace(files)).toContain(`${file}${end} was`);
  renameSync(`${file}.copy`, `${file}${end}`);
  expect(whyOutOfPlace(files)).toContain(`${file}${end} was`);
});

test('a database whose directory is removed is not', () => {
  const { folder, files } = given();
  rmSync(folder, { recursive: true });
  expect(whyOutOfPlace(files)).toBeDefined();
});
