import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openKeptStore, type KeptStore } from './kept-store.ts';
import { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
import type { Batch } from './stored.ts';

let root: string;
let directory: string;
let file: string;
let options: SqliteStoreOptions;
const opened: KeptStore[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rollcall-kept-'));
  directory = join(root, 'journal');
  file = join(directory, 'mqtt-0.journal');
  options = { file, durability: 'process', maxBytes: 100_000_000 };
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(root, { recursive: true });
});

function inserting(seq: number): Batch {
  const standing = { open: true, waiting: ['events'], parked: {} };
  return {
    highWater: `019b0000000000${seq}`,
    removed: [],
    inserted: [{ seq, facts: `{"seq":${seq}}`, downstream: JSON.stringify('x'.repeat(498)), standing }],
    updated: [],
    settled: [],
    rhythms: [],
  };
}

function given(...seqs: readonly number[]): KeptStore {
  const store = openKeptStore(options);
  opened.push(store);
  for (const seq of seqs) store.apply(inserting(seq));
  return store;
}

/** What another process would find now if this one had been killed. */
function foundAfterKill(): readonly number[] {
  const copy = mkdtempSync(join(root, 'killed-'));
  for (const name of readdirSync(directory)) copyFileSync(join(directory, name), join(copy, name));
  const found = openSqliteStore({ ...options, file: join(copy, 'mqtt-0.journal') });
  const rows = found.open({ after: 0, upTo: 1_000, limit: 1_000 }).map(({ seq }) => seq);
  const events = found.events(rows).map(({ downstream }) => downstream.length);
  expect(events).toEqual(rows.map(() => 500));
  // It is a copy, and lacks nothing.
  expect(found.summary().partOfJournal).toBe('copy');
  found.close();
  return rows;
}

test('a journal that no other process touches is whole, whatever is done with it', () => {
  const store = given();
  for (let seq = 1; seq < 20; seq++) {
    expect(store.check()).toEqual({ state: 'whole' });
    store.apply(inserting(seq));
    // As tools do that inspect it.
    openSqliteStoreToLook();
  }
  expect(store.check()).toEqual({ state: 'whole' });
});

function openSqliteStoreToLook(): void {
  expect(readFileSync(file).byteLength).toBeGreaterThan(0);
}

/** Ways to take a journal away from an adapter, after which the process that has it open still knows all that it had. */
const takenAway: Readonly<Record<string, () => void>> = {
  'its file is removed': () => rmSync(file),
  'its write-ahead log is removed': () => rmSync(`${file}-wal`),
  'its shared memory is removed': () => rmSync(`${file}-shm`),
  'its lock is removed': () => rmSync(`${file}.lock`),
  'all of its files are removed': () => {
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
  },
  'its directory is removed': () => rmSync(directory, { recursive: true }),
  'its directory is renamed': () => renameSync(directory, join(root, 'elsewhere')),
  'an empty file is put in its place': () => {
    writeFileSync(`${file}.x`, '');
    renameSync(`${file}.x`, file);
  },
};

describe.each(Object.entries(takenAway))('%s:', (_how, takeAway) => {
  test('a new one is begun with all that it had, and goes on', () => {
    const store = given(1, 2);
    takeAway();
    expect(store.check()).toMatchObject({ state: 'begun-anew', from: 'all' });
    expect(foundAfterKill()).toEqual([1, 2]);
    expect(store.check()).toEqual({ state: 'whole' });
    store.apply(inserting(3));
    expect(foundAfterKill()).toEqual([1, 2, 3]);
    expect(store.summary()).toMatchObject({ lastSeq: 3, highWater: '019b00000000003' });
  });

  test('closing the store restores everything, too', () => {
    const store = given(1, 2);
    takeAway();
    opened.splice(0);
    store.close();
    expect(foundAfterKill()).toEqual([1, 2]);
  });
});

test('a file that another process touched, and that is consistent, stays in use; its times are then ignored for a while', () => {
  const store = given(1, 2);
  utimesSync(file, 1, 1);
  store.apply(inserting(3));
  expect(store.check()).toEqual({ state: 'doubtful', problem: 'another process has written to it' });
  for (let round = 0; round < 29; round++) {
    utimesSync(file, 1, 1);
    expect(store.check()).toEqual({ state: 'whole' });
  }
  expect(foundAfterKill()).toEqual([1, 2, 3]);
  expect(store.check()).toMatchObject({ state: 'doubtful' });
  rmSync(file);
  expect(store.check()).toMatchObject({ state: 'begun-anew', from: 'all' });
  expect(foundAfterKill()).toEqual([1, 2, 3]);
});

test('a batch that is stored between the removal and the next check is in the new one', () => {
  const store = given(1);
  rmSync(directory, { recursive: true });
  store.apply(inserting(2));
  expect(store.check()).toMatchObject({ state: 'begun-anew', from: 'all' });
  expect(foundAfterKill()).toEqual([1, 2]);
});

test('a file that is removed again and again is reported each time', () => {
  const store = given(1);
  for (let round = 0; round < 5; round++) {
    rmSync(file);
    expect(store.check()).toMatchObject({ state: 'begun-anew' });
  }
  expect(foundAfterKill()).toEqual([1]);
});

/** A whole journal of this name from another time. */
function backup(): string {
  const other = join(root, 'backup.journal');
  const store = openSqliteStore({ ...options, file: other });
  for (let seq = 50; seq < 60; seq++) store.apply(inserting(seq));
  store.close();
  return other;
}

test('a backup that is moved into its place is set aside, and open connections go on', () => {
  const store = given(1, 2);
  const copy = readFileSync(backup());
  renameSync(join(root, 'backup.journal'), file);
  const condition = store.check();
  expect(condition).toMatchObject({ state: 'begun-anew', from: 'all' });
  expect(foundAfterKill()).toEqual([1, 2]);
  const aside = condition.state === 'begun-anew' ? (condition.setAside ?? '') : '';
  expect(readFileSync(aside)).toEqual(copy);
});

describe.each([
  ['cut off', () => truncateSync(file)],
  ['cut off in the middle', () => truncateSync(file, statSync(file).size / 2)],
  ['overwritten with something else', () => writeFileSync(file, 'something else'.repeat(1_000))],
  [
    'overwritten with a backup, as an operator restores one',
    () => {
      copyFileSync(backup(), file);
      for (const beside of ['-wal', '-shm']) rmSync(file + beside);
    },
  ],
])('a file that is %s', (_how, overwrite) => {
  test('is not trusted: nothing is read from it, and a new one is begun', () => {
    const store = given(1, 2);
    // Rows that only the write-ahead log has would be intact.
    store.close();
    opened.splice(0);
    const again = given();
    overwrite();
    expect(() => again.events([1])).toThrow('another process has written to it');
    expect(() => again.apply(inserting(3))).toThrow('another process has written to it');
    expect(again.check()).toMatchObject({ state: 'begun-anew', from: 'nothing' });
    expect(foundAfterKill()).toEqual([]);
    again.apply(inserting(3));
    expect(foundAfterKill()).toEqual([3]);
    expect(again.check()).toEqual({ state: 'whole' });
  });
});

test('while no new file can be begun, the store says why, keeps everything, and begins one when it can', () => {
  const store = given(1);
  rmSync(directory, { recursive: true });
  // No directory can be made where a file is.
  writeFileSync(directory, '');
  expect(store.check()).toMatchObject({
    state: 'away',
    problem: expect.stringContaining('it was removed or replaced: ') as string,
  });
  store.apply(inserting(2));
  expect(store.events([1, 2])).toHaveLength(2);
  rmSync(directory);
  expect(store.check()).toMatchObject({ state: 'begun-anew', from: 'all' });
  expect(foundAfterKill()).toEqual([1, 2]);
});

test('another adapter that has begun a journal in its place is left alone, and its journal is set aside once it is gone', () => {
  const store = given(1);
  rmSync(directory, { recursive: true });
  const other = openSqliteStore(options);
  other.apply(inserting(7));
  expect(store.check()).toMatchObject({
    state: 'away',
    problem: expect.stringContaining('another process has it open') as string,
  });
  expect(other.summary().lastSeq).toBe(7);
  other.close();
  expect(store.check()).toMatchObject({ state: 'begun-anew', setAside: expect.any(String) as string });
  expect(foundAfterKill()).toEqual([1]);
});

test('a new file is locked like the old one', () => {
  const store = given(1);
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  store.check();
  expect(() => openSqliteStore(options)).toThrow('another process has it open');
});

test('a directory or file that cannot be written is reported, and reported as whole once it is mended', () => {
  chmodSync(root, 0o777);
  const conditions = inAnotherProcess(
    `
    import { chmodSync } from 'node:fs';
    const { openKeptStore } = await import(process.argv[1]);
    // The superuser could write everywhere.
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    const [directory, file] = process.argv.slice(2);
    const store = openKeptStore({ file, durability: 'process', maxBytes: 1e6 });
    const batch = { removed: [], inserted: [], updated: [], settled: [], rhythms: [['a', '1']] };
    const conditions = [];
    for (const [path, mode] of [[directory, 0o500], [directory, 0], [directory, 0o700], [file, 0o400], [file, 0o600]]) {
      chmodSync(path, mode);
      conditions.push(store.check());
      // A file that is open can still be written.
      if (mode !== 0) store.apply(batch);
    }
    store.close();
    console.log(JSON.stringify(conditions));`,
    directory,
    file,
  );
  const away = { state: 'away', problem: expect.stringContaining('EACCES') as string };
  const whole = { state: 'whole' };
  expect(conditions).toEqual([away, away, whole, away, whole]);
});

/** Runs a script whose first argument is the module under test. @returns what it printed. */
function inAnotherProcess(script: string, ...args: readonly string[]): unknown {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '--eval',
      script,
      new URL('kept-store.ts', import.meta.url).href,
      ...args,
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('permissions', () => {
  test.each(['000', '022', '077', '777'])(
    'all files are their owner’s alone, and directories that it makes, with umask %s, also those of a new one',
    (umask) => {
      // The umask belongs to the whole process.
      const script = `
        import { readdirSync, rmSync, statSync } from 'node:fs';
        process.umask(0o${umask});
        const { openKeptStore } = await import(process.argv[1]);
        const [root, file] = process.argv.slice(2);
        const store = openKeptStore({ file, durability: 'process', maxBytes: 1e6 });
        const modes = () => readdirSync(root, { recursive: true }).toSorted().map((each) => [each, (statSync(root + '/' + each).mode & 0o777).toString(8)]);
        const before = modes();
        rmSync(root + '/a', { recursive: true });
        store.check();
        console.log(JSON.stringify([before, modes()]));`;
      const found = inAnotherProcess(script, root, join(root, 'a/b/mqtt-0.journal'));
      const expected = [
        ['a', '700'],
        ['a/b', '700'],
        ...['', '-shm', '-wal', '.lock'].map((beside) => [`a/b/mqtt-0.journal${beside}`, '600']),
      ];
      for (const modes of found as (readonly [name: string, mode: string])[][]) {
        // SQLite may make a file beside the lock, too.
        expect(modes).toEqual(expect.arrayContaining(expected));
        expect(modes.filter(([, mode]) => mode !== '700' && mode !== '600')).toEqual([]);
      }
    },
  );

  test('a directory that is there stays as it is', () => {
    mkdirSync(directory);
    chmodSync(directory, 0o750);
    given(1);
    expect(statSync(directory).mode & 0o777).toBe(0o750);
    expect(existsSync(file)).toBe(true);
  });
});

test('several adapters that make their directory at the same time all start', async () => {
  const script = `
    const { openKeptStore } = await import(process.argv[1]);
    process.stdin.once('data', () => {
      openKeptStore({ file: process.argv[2], durability: 'process', maxBytes: 1e6 }).close();
    });
    console.log('ready');`;
  const module = new URL('kept-store.ts', import.meta.url).href;
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
  const processes = [0, 1, 2, 3].map((index) =>
    spawn(process.execPath, [...flags, module, join(directory, 'deep/er', `${index}.journal`)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  onTestFinished(() => {
    for (const each of processes) each.kill('SIGKILL');
  });
  await Promise.all(processes.map(({ stdout }) => once(stdout, 'data')));
  const ends = processes.map((each) => once(each, 'exit'));
  for (const { stdin } of processes) stdin.end('now');
  expect((await Promise.all(ends)).map(([code]) => code as unknown)).toEqual([0, 0, 0, 0]);
});
