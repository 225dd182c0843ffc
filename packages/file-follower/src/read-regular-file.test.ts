import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRegularFile } from './read-regular-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-regular-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

test('a regular file is read, through links too', () => {
  writeFileSync(path('file'), 'text\n');
  symlinkSync('file', path('link'));
  expect(readRegularFile(path('link'), 5)).toEqual({ status: 'read', text: 'text\n' });
});

test('a longer file is not read', () => {
  writeFileSync(path('long'), 'x'.repeat(11));
  expect(readRegularFile(path('long'), 10)).toEqual({
    status: 'unusable',
    problem: `${path('long')}: has more than 10 bytes`,
  });
});

test.skipIf(process.platform === 'win32')('a pipe that no one writes to is not waited for', () => {
  execFileSync('mkfifo', [path('pipe')]);
  expect(readRegularFile(path('pipe'), 10)).toEqual({
    status: 'unusable',
    problem: `${path('pipe')}: is not a regular file`,
  });
});

test.skipIf(process.platform === 'win32').each(['/dev/zero', folder])('%s is not read', (what) => {
  expect(readRegularFile(what, 10)).toEqual({
    status: 'unusable',
    problem: `${what}: is not a regular file`,
  });
});

test('a file that is not there is named with the cause', () => {
  expect(readRegularFile(path('none'), 10)).toEqual({
    status: 'unusable',
    problem: `${path('none')}: cannot be read (ENOENT)`,
  });
});
