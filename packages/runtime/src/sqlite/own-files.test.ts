import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeOwnDirectory, makeOwnFile } from './own-files.ts';

let root = '';
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'rollcall-own-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('missing directories are made for their owner only, and existing ones stay as they are', () => {
  mkdirSync(join(root, 'there'));
  chmodSync(join(root, 'there'), 0o755);
  makeOwnDirectory(join(root, 'there', 'a', 'b'));
  expect(['there', 'there/a', 'there/a/b'].map((path) => modeOf(join(root, path)))).toEqual([
    0o755, 0o700, 0o700,
  ]);
});

test('a file is made for its owner only, and so become the files that a database left beside it', () => {
  const file = join(root, 'x.db');
  writeFileSync(`${file}-wal`, 'x');
  chmodSync(`${file}-wal`, 0o644);
  makeOwnFile(file);
  expect([file, `${file}-wal`].map(modeOf)).toEqual([0o600, 0o600]);
});

test('an existing file keeps its content', () => {
  const file = join(root, 'x.db');
  writeFileSync(file, 'kept');
  chmodSync(file, 0o644);
  makeOwnFile(file);
  expect([modeOf(file), statSync(file).size]).toEqual([0o600, 4]);
});
