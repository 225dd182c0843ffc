import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { anEvent } from '@rollcall/conformance';
import type { TenantDownstream } from '@rollcall/core/sink';
import { encodeEvent } from '@rollcall/hono-wire';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { migrate, schemaSteps, schemaVersion } from './schema.ts';
import {
  openLockedStore,
  openSqliteStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from './sqlite-store.ts';
import { createThreadedStore } from './threaded-store.ts';
import type { Batch, Standing } from './stored.ts';

let directory: string;
let options: SqliteStoreOptions;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-store-'));
  options = { file: join(directory, 'mqtt-0.journal'), durability: 'process', maxBytes: 100_000_000 };
});
afterEach(() => rmSync(directory, { recursive: true }));

const waiting: Standing = { open: true, waiting: ['events'], parked: {} };

function inserting(seq: number, bytes = 10): Batch {
  return {
    removed: [],
    inserted: [{ seq, facts: `{"seq":${seq}}`, downstream: String(seq).repeat(bytes), standing: waiting }],
    updated: [],
    settled: [],
    rhythms: [],
  };
}
const nothing: Batch = { removed: [], inserted: [], updated: [], settled: [], rhythms: [] };

const everything = { after: 0, upTo: Number.MAX_SAFE_INTEGER, limit: 1_000 };

/** All that the file has; a standing only where the event is open. */
function contentsOf(store: SqliteStore) {
  const { highWater } = store.summary();
  const seqs = store.pending(everything).map(({ seq }) => seq);
  const standings = new Map(store.open(everything).map(({ seq, standing }) => [seq, standing]));
  return {
    highWater,
    events: store
      .events(seqs)
      .map(({ seq, facts, downstream }) => ({ seq, facts, downstream, standing: standings.get(seq) })),
    rhythms: store.rhythms(everything).map(({ holder, gaps }) => [holder, gaps]),
  };
}

describe('a run that ends while it cannot write', () => {
  const tooMuch = inserting(9, 1_000_000);

  /** A journal that is full; it is not closed, as if its process was killed. */
  function full(): SqliteStore {
    const store = openSqliteStore({ ...options, maxBytes: 200_000 });
    onTestFinished(() => store.close());
    expect(() => store.apply(tooMuch)).toThrow('full');
    return store;
  }

  /** Takes the lock that a process that was killed does not have any more. */
  function foundNext() {
    return openLockedStore(options);
  }

  test('leaves a journal that says so to the next run alone', () => {
    full();
    const next = foundNext();
    expect(next.summary().partOfJournal).toBe('unwritten');
    next.apply({ ...nothing, instance: 'next' });
    next.close();
    const last = foundNext();
    expect(last.summary()).not.toHaveProperty('partOfJournal');
    last.close();
  });

  test('differs from one that could write again', () => {
    full().apply(inserting(1));
    const next = foundNext();
    expect(next.summary()).not.toHaveProperty('partOfJournal');
    next.close();
  });

  test('does not differ from one that could write a part of what waited', () => {
    full().apply({ ...inserting(1), moreWaits: true });
    const next = foundNext();
    expect(next.summary().partOfJournal).toBe('unwritten');
    next.apply({ ...nothing, instance: 'next', moreWaits: true });
    const last = foundNext();
    expect(last.summary().partOfJournal).toBe('unwritten');
    for (const each of [next, last]) each.close();
  });
});

describe('the file', () => {
  test('says of an open connection whether it moved here, whatever the properties of its tenant are named', () => {
    const store = openSqliteStore(options);
    const downstreams = [
      { defaults: { announcement: true } },
      { defaults: {}, announcement: true, ofAnother: true },
      { defaults: {}, ofAnother: true },
    ];
    store.apply({
      ...nothing,
      inserted: downstreams.map((each, at) => ({
        seq: at + 1,
        facts: '{}',
        downstream: JSON.stringify(each),
        standing: waiting,
      })),
    });
    expect(store.open(everything).map(({ announcement }) => announcement)).toEqual([false, true, false]);
    store.close();
  });

  test('gives back everything unchanged, in order', () => {
    const store = openSqliteStore(options);
    store.apply({ ...inserting(2), highWater: '019b00000000ffff' });
    store.apply(inserting(1));
    const standing: Standing = {
      open: true,
      waiting: [],
      parked: { events: 'no such address' },
      lastSeen: 1_767_000_000_123,
      lease: '{"until":1}',
    };
    store.apply({
      ...nothing,
      updated: [[2, standing]],
      rhythms: [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    });
    store.close();

    const again = openSqliteStore(options);
    expect(contentsOf(again)).toEqual({
      highWater: '019b00000000ffff',
      events: [
        { seq: 1, facts: '{"seq":1}', downstream: '1'.repeat(10), standing: waiting },
        { seq: 2, facts: '{"seq":2}', downstream: '2'.repeat(10), standing },
      ],
      rhythms: [
        ['b', '2'],
        ['a', '3'],
      ],
    });
    again.apply({
      ...nothing,
      removed: [1, 2],
      rhythms: [
        ['a', undefined],
        ['b', undefined],
      ],
    });
    expect(contentsOf(again)).toEqual({ highWater: '019b00000000ffff', events: [], rhythms: [] });
    again.close();
  });

  test('that is full keeps nothing of a batch, and accepts it once there is room', () => {
    const store = openSqliteStore({ ...options, maxBytes: 200_000 });
    store.apply(inserting(1, 100_000));
    expect(() =>
      store.apply({ ...inserting(2, 100_000), updated: [[1, { ...waiting, open: false }]] }),
    ).toThrow('full');
    expect(contentsOf(store).events).toMatchObject([{ seq: 1, standing: waiting }]);
    store.apply({ ...inserting(2, 100_000), removed: [1] });
    expect(contentsOf(store).events).toMatchObject([{ seq: 2 }]);
    store.close();
  });

  test.each(['process', 'power'] as const)('survives its process with durability %s', (durability) => {
    const store = openSqliteStore({ ...options, durability });
    store.apply(inserting(1));
    // As after kill -9: it was not closed, so the write-ahead log is still there.
    const reader = new DatabaseSync(options.file, { readOnly: true });
    expect(reader.prepare('SELECT count(*) AS events FROM event').get()).toEqual({ events: 1 });
    reader.close();
    store.close();
  });

  test('is for one process at a time', () => {
    const store = openSqliteStore(options);
    expect(() => openSqliteStore(options)).toThrow('another process has it open');
    store.close();
    openSqliteStore(options).close();
  });

  test('that is not a journal is refused, and not locked for ever', () => {
    const broken = { ...options, file: join(directory, 'broken.journal') };
    new DatabaseSync(broken.file).exec('PRAGMA user_version = 99');
    expect(() => openSqliteStore(broken)).toThrow(
      `schema version 99, and this program knows ${schemaSteps.length}`,
    );
    expect(() => openSqliteStore(broken)).toThrow('schema version 99');
  });
});

test.runIf(process.platform !== 'win32')(
  'the file and those beside it are readable for their owner only',
  () => {
    writeFileSync(options.file, '', { mode: 0o644 });
    chmodSync(options.file, 0o644);
    const store = openSqliteStore(options);
    store.apply(inserting(1));
    for (const beside of ['', '-wal', '-shm'])
      expect(statSync(options.file + beside).mode & 0o777, beside).toBe(0o600);
    store.close();
  },
);

describe('migration', () => {
  test('a journal of the first version goes on', () => {
    const database = new DatabaseSync(options.file);
    migrate(database, schemaSteps.slice(0, 1));
    database.exec("INSERT INTO rhythm (holder, gaps) VALUES ('d1', '{}')");
    database.close();
    const store = openSqliteStore(options);
    expect(store.rhythms(everything)).toMatchObject([{ holder: 'd1' }]);
    expect(store.proofs(everything)).toEqual([]);
    expect(store.summary().proofKey).toBeUndefined();
    store.close();
  });

  test('a journal that kept messages keeps facts, and the settings of each tenant', () => {
    const database = new DatabaseSync(options.file);
    migrate(database, schemaSteps.slice(0, 3));
    const insert = database.prepare('INSERT INTO event (seq, facts, message) VALUES (?, ?, ?)');
    const stand = database.prepare("INSERT INTO standing VALUES (?, 1, '[\"events\"]', '{}', NULL, NULL)");
    const downstream: TenantDownstream = { defaults: { region: 'eu', floor: 3 }, maxTtlSeconds: 60 };
    const events = Array.from({ length: 2_500 }, (_, index) => anEvent(`e${index}`));
    database.exec('BEGIN');
    for (const [index, event] of events.entries()) {
      // One event has no message: every sink had confirmed it when a new journal was begun.
      insert.run(
        index + 1,
        JSON.stringify(event),
        index === 7 ? new Uint8Array(0) : encodeEvent(event, downstream),
      );
      stand.run(index + 1);
    }
    database.exec('COMMIT');
    database.close();
    const store = openSqliteStore({ ...options, maxBytes: 100_000_000 });
    const found = store.events(events.map((_, index) => index + 1));
    expect(found.map(({ facts }) => JSON.parse(facts) as unknown)).toEqual(events);
    expect(found.map(({ downstream: kept }) => JSON.parse(kept) as unknown)).toEqual(
      events.map((_, index) => (index === 7 ? { defaults: {} } : downstream)),
    );
    expect(store.summary().lastSeq).toBe(2_500);
    expect(store.pending({ after: 0, upTo: 1, limit: 1 })).toMatchObject([
      { tenant: 'acme', device: 'thermostat-7', bytes: JSON.stringify(events[0]).length },
    ]);
    store.close();
  });

  const steps = [
    'CREATE TABLE a (x INTEGER)',
    'ALTER TABLE a ADD COLUMN y INTEGER',
    'UPDATE a SET y = x + 1',
  ];

  test('runs the steps that are missing, once', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, steps.slice(0, 1));
    database.exec('INSERT INTO a VALUES (1)');
    migrate(database, steps);
    migrate(database, steps);
    expect(database.prepare('SELECT x, y FROM a').all()).toEqual([{ x: 1, y: 2 }]);
    expect(schemaVersion(database)).toBe(3);
  });

  test('that fails changes nothing', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, steps.slice(0, 1));
    expect(() => migrate(database, [...steps, 'no SQL'])).toThrow('syntax error');
    expect(schemaVersion(database)).toBe(1);
    expect(database.prepare('SELECT * FROM pragma_table_info(?)').all('a')).toHaveLength(1);
  });
});

describe('the thread', () => {
  test('opens, applies, and gives the file back', async () => {
    const store = createThreadedStore(options);
    expect(await store.open()).toEqual({ lastSeq: 0 });
    await store.apply(inserting(1));
    await expect(
      store.apply({ ...inserting(1), updated: [[1, { ...waiting, lastSeen: 0.5 }]] }),
    ).rejects.toThrow(`journal ${options.file}: `);
    await store.close();
    const again = createThreadedStore(options);
    expect(await again.open()).toEqual({ lastSeq: 1, partOfJournal: 'unwritten' });
    expect(await again.read('events', [1])).toHaveLength(1);
    await again.close();
  });

  test('that could not open its file opens it once it can, and answers until then', async () => {
    const first = createThreadedStore(options);
    await first.open();
    const second = createThreadedStore(options);
    await expect(second.open()).rejects.toThrow('another process has it open');
    await expect(second.apply(inserting(1))).rejects.toThrow('another process has it open');
    await first.close();
    await second.apply(inserting(1));
    expect(await second.read('events', [1])).toHaveLength(1);
    await second.close();
  });

  test('answers in the order it was asked in', async () => {
    const store = createThreadedStore(options);
    await store.open();
    const answers = [store.read('events', [1, 2]), store.apply(inserting(1)), store.read('events', [1, 2])];
    expect((await Promise.all(answers)).map((answer) => answer?.length)).toEqual([0, undefined, 1]);
    await store.close();
  });

  test('says why a file cannot be opened', async () => {
    const first = createThreadedStore(options);
    await first.open();
    await expect(createThreadedStore(options).open()).rejects.toThrow(
      `journal ${options.file}: another process has it open`,
    );
    await first.close();
    const nowhere = createThreadedStore({ ...options, file: '/dev/null/mqtt-0.journal' });
    await expect(nowhere.open()).rejects.toThrow('journal /dev/null/mqtt-0.journal: ');
    await nowhere.close();
  });
});
