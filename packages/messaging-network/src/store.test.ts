import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from './store.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rollcall-network-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a new store makes its files and directories readable by their owner alone', async () => {
  const directory = join(root, 'a/network');
  const store = openStore(directory);
  store.createQueue('event/acme');
  await new Promise<unknown>((resolve) =>
    store.append('event/acme', { position: 1, payload: Buffer.from('x') }, resolve),
  );
  expect([modeOf(join(root, 'a')), modeOf(directory)]).toEqual([0o700, 0o700]);
  expect(readdirSync(directory)).toContain('messages.sqlite-wal');
  for (const name of readdirSync(directory)) expect(modeOf(join(directory, name)), name).toBe(0o600);
  store.close();
});

test('a message is stored in a queue whose first messages could not be written', async () => {
  const store = openStore(root);
  const append = (position: number): Promise<Error | undefined> =>
    new Promise((resolve) =>
      store.append('event/acme', { position, payload: Buffer.from(`${position}`) }, resolve),
    );
  store.createQueue('event/acme');
  // Two messages cannot have one position: the queue is undone together with them.
  const first = await Promise.all([append(1), append(1)]);
  expect(first.every((failure) => failure instanceof Error)).toBe(true);
  expect(await append(2)).toBe(undefined);
  expect(store.load().map(({ name, messages }) => [name, messages.map(({ position }) => position)])).toEqual([
    ['event/acme', [2]],
  ]);
  store.close();
});

test('a store takes permissions of others away from files it finds, and leaves an existing directory as it is', () => {
  const directory = join(root, 'network');
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, 'messages.sqlite'), '');
  chmodSync(join(directory, 'messages.sqlite'), 0o644);
  openStore(directory).close();
  expect(modeOf(directory)).toBe(0o755);
  expect(modeOf(join(directory, 'messages.sqlite'))).toBe(0o600);
});
