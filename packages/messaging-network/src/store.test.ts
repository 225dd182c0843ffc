import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openStore, type Store } from './store.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rollcall-network-'));
});
afterEach(() => rmSync(root, { recursive: true }));

let clock: ManualClock;
const complaints: string[] = [];
const log = { ...silentLog, error: (_fields: object, text: string) => void complaints.push(text) };

function open(directory: string): Store {
  clock = new ManualClock();
  complaints.length = 0;
  return openStore(directory, { clock, log });
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a new store makes its files and directories readable by their owner alone', async () => {
  const directory = join(root, 'a/network');
  const store = open(directory);
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
  const store = open(root);
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
  open(directory).close();
  expect(modeOf(directory)).toBe(0o755);
  expect(modeOf(join(directory, 'messages.sqlite'))).toBe(0o600);
});

describe('what consumers settled, and new queues', () => {
  const append = (store: Store, position: number): Promise<Error | undefined> =>
    new Promise((resolve) =>
      store.append('event/acme', { position, payload: Buffer.from(`${position}`) }, resolve),
    );
  const contentOf = (store: Store) =>
    store.load().map(({ name, messages }) => [name, messages.map(({ position }) => position)]);
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  /** A disk that is full while the test says so. */
  function givenADisk() {
    const disk = { isFull: false };
    const { exec } = DatabaseSync.prototype;
    const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      if (disk.isFull && sql === 'COMMIT') throw new Error('database or disk is full');
      exec.call(this, sql);
    });
    onTestFinished(() => spy.mockRestore());
    return disk;
  }

  test('are written although the messages of the same turn cannot be', async () => {
    const store = open(root);
    await append(store, 1);
    store.remove('event/acme', 1);
    store.createQueue('event/umbrella');
    // Two messages cannot have one position.
    const failures = await Promise.all([append(store, 2), append(store, 2)]);
    expect(failures.every((failure) => failure instanceof Error)).toBe(true);
    expect(contentOf(store)).toEqual([
      ['event/acme', []],
      ['event/umbrella', []],
    ]);
    expect(complaints).toEqual([]);
    store.close();
  });

  test('are tried again every second while the disk is full, which is logged once', async () => {
    const disk = givenADisk();
    const store = open(root);
    for (const position of [1, 2, 3]) await append(store, position);
    for (const outage of [1, 2]) {
      disk.isFull = true;
      store.remove('event/acme', outage);
      store.createQueue(`event/${outage}`);
      await turn();
      expect(await append(store, 10)).toBeInstanceOf(Error);
      clock.advance(1_000);
      expect(complaints).toHaveLength(outage);
      expect(contentOf(store)[0]?.[1]).toContain(outage);
      disk.isFull = false;
      clock.advance(1_000);
      expect(contentOf(store)[0]?.[1]).not.toContain(outage);
    }
    expect(contentOf(store).map(([name]) => name)).toEqual(['event/acme', 'event/1', 'event/2']);
    store.close();
  });

  test('are tried once more at the end', async () => {
    const disk = givenADisk();
    const store = open(root);
    for (const position of [1, 2]) await append(store, position);
    disk.isFull = true;
    store.remove('event/acme', 1);
    await turn();
    disk.isFull = false;
    store.close();
    const again = open(root);
    expect(contentOf(again)).toEqual([['event/acme', [2]]]);
    again.close();
  });
});
