import { mkdtemp, mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { openLogFile } from './log-file.ts';

async function given() {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-log-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const clock = new ManualClock();
  const shown: string[] = [];
  const options = { clock, show: (line: string) => void shown.push(line) };
  return { directory, clock, shown, options };
}

test('a log that cannot be opened is told once, and is written as soon as it can be', async () => {
  const { directory, clock, shown, options } = await given();
  const file = join(directory, 'child.log');
  await mkdir(file);
  const log = openLogFile(file, options);
  await expect.poll(() => shown).toEqual([expect.stringContaining('EISDIR')]);
  log.keep('lost');
  await rmdir(file);
  clock.advance(4_999);
  log.keep('too early');
  expect(existsSync(file)).toBe(false);
  clock.advance(60_000);
  log.keep('kept');
  await expect.poll(() => shown).toEqual([expect.any(String), `the log ${file} is written again`]);
  log.keep('kept, too');
  log.end();
  await expect.poll(() => readFile(file, 'utf8')).toBe('kept\nkept, too\n');
});

test.skipIf(!existsSync('/dev/full'))(
  'a full disk ends nothing but the log (needs /dev/full of Linux)',
  async () => {
    const { clock, shown, options } = await given();
    const log = openLogFile('/dev/full', options);
    log.keep('lost');
    await expect.poll(() => shown).toEqual([expect.stringContaining('ENOSPC')]);
    clock.advance(5_000);
    log.keep('lost, too');
    log.end();
  },
);
