import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './setup-lock.mjs';

const {
  takeSetupLock,
}: {
  takeSetupLock(file: string, tell: (holder: string) => void, tellAfterMs?: number): Promise<() => void>;
} = untyped;

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-lock-'));
  file = join(folder, 'setup.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const nobody = (): void => expect.fail('there is no holder');

test('who comes second waits for who came first, and says for whom', async () => {
  const order: string[] = [];
  const giveBack = await takeSetupLock(file, nobody);
  expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
  const second = takeSetupLock(file, (holder) => order.push(`waits for ${holder}`), 0).then((back) => {
    order.push('second');
    back();
  });
  await expect.poll(() => order).toEqual([`waits for ${process.pid}`]);
  order.push('first ends');
  giveBack();
  await second;
  expect(order).toEqual([`waits for ${process.pid}`, 'first ends', 'second']);
  expect(existsSync(file)).toBe(false);
});

test('what was given back is not given back again: another has it by then', async () => {
  const giveBack = await takeSetupLock(file, nobody);
  giveBack();
  const other = await takeSetupLock(file, nobody);
  giveBack();
  expect(existsSync(file)).toBe(true);
  other();
});

test('a lock of a process that was killed holds nobody up', async () => {
  const { pid } = spawnSync(process.execPath, ['--eval', '']);
  writeFileSync(file, String(pid));
  const giveBack = await takeSetupLock(file, nobody);
  expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
  giveBack();
});
