import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { migrate } from '@rollcall/runtime/sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { answersOf } from '../../testing/answers-of.ts';
import { randomStream } from '../../testing/store/random-stream.ts';
import { connected, connectionId, disconnected } from '../../testing/received.ts';
import { steps } from './schema.ts';
import { SqliteStore } from './sqlite-store.ts';

const dayMs = 86_400_000;
/** More in the soak. */
const seeds = process.env['ROLLCALL_FUZZ_CASES'] ? [0, 1, 2, 3, 4, 5, 6, 7] : [0];

function given() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-presence-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new ManualClock('2026-11-28T12:00:00Z');
  const open = (name: string) =>
    new SqliteStore({ file: join(folder, name), clock, announceIntervalMs: 3_600_000 });
  return { folder, clock, open };
}

/** What is found by places, and counted, and what should be, from the rows themselves. */
function foundAndCounted(file: string) {
  const database = new DatabaseSync(file);
  const all = (sql: string) => database.prepare(sql).all();
  const places = `SELECT p.tenant, p.device, kind, key, key_then, c.id FROM places p LEFT JOIN connections c ON c.no = p.no`;
  const read = {
    places: all(`${places} ORDER BY 1, 2, 3, 4, 5, 6`),
    mustBe: all(`
      SELECT tenant, device, 0 AS kind, id AS key, '' AS key_then, id FROM connections
      UNION ALL SELECT tenant, device, 1, connected_at, id, id FROM connections
      UNION ALL SELECT tenant, device, 2, '', '', id FROM connections WHERE ended_at IS NULL
      UNION ALL SELECT tenant, device, 3, ended_at, '', id FROM connections WHERE ended_at IS NOT NULL
      UNION ALL SELECT tenant, device, 4, holder, epoch, id FROM connections WHERE holder IS NOT NULL
      UNION ALL SELECT tenant, device, 5, ended_epoch, '', id FROM connections WHERE ended_epoch IS NOT NULL
      ORDER BY 1, 2, 3, 4, 5, 6`),
    counts: all('SELECT * FROM counts ORDER BY 1, 2, 3, 4, 5'),
    countsMustBe: all(`
      SELECT tenant, status, ifnull(protocol, '') AS protocol, ifnull(reason, '') AS reason,
        ifnull(adapter_id, '') AS adapter_id, count(*) AS number FROM devices GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`),
  };
  database.close();
  return read;
}

test.each(seeds)('indexes and counts match the rows after random events (seed %i)', async (seed) => {
  const { folder, clock, open } = given();
  const store = open('presence.db');
  const events = randomStream(seed);
  for (const event of [...events, ...events.toReversed()]) await store.apply([event]);
  // An adapter raises the epoch of a connection that took over one with a clock ahead.
  const begin = connected({ slot: 's', connectionId: connectionId(77) });
  await store.apply([
    begin,
    { ...begin, announcement: true, epoch: `f${begin.epoch.slice(1)}` as typeof begin.epoch },
  ]);
  clock.advance(dayMs);
  if (seed % 2 === 0) await store.dropOld({ defaultMs: dayMs / 2, tenantMs: new Map() });
  await store.forget(deviceRef('acme', 'd-0'));
  await store.sweep();
  await store.close();
  const { places, mustBe, counts, countsMustBe } = foundAndCounted(join(folder, 'presence.db'));
  expect(mustBe.length).toBeGreaterThan(10);
  expect(places).toEqual(mustBe);
  expect(counts).toEqual(countsMustBe);
});

const versions = steps.slice(1).map((_, index) => index + 1);

test.each(versions.flatMap((version) => seeds.map((seed) => ({ version, seed }))))(
  'a migrated file of version $version gives the same answers, and takes further events (seed $seed)',
  async ({ version, seed }) => {
    const { folder, open } = given();
    const store = open('presence.db');
    await store.apply(randomStream(seed));
    await store.close();
    asBefore(join(folder, 'presence.db'), join(folder, 'before.db'), version);

    const [now, before] = [open('presence.db'), open('before.db')];
    for (const round of [0, 1]) {
      for (const each of [now, before]) if (round === 1) await each.apply(randomStream(seed + 100));
      const answers = await Promise.all([now, before].map(answersOf));
      expect(answers[0]).toEqual(answers[1]);
    }
    const begin = connected({ connectionId: connectionId(90) });
    await before.apply([begin, disconnected(begin)]);
    await before.close();
    const { places, mustBe, counts, countsMustBe } = foundAndCounted(join(folder, 'before.db'));
    expect([places, counts]).toEqual([mustBe, countsMustBe]);
  },
);

test('a file of a later version is refused', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('PRAGMA user_version = 1000');
  expect(() => migrate(database, steps)).toThrow(
    'it was written by a later version of this program (1000, this one knows',
  );
});

/** The same rows in tables of an older version. What that did not keep is not there. */
function asBefore(file: string, copy: string, version: number): void {
  const database = new DatabaseSync(copy);
  migrate(database, steps, version);
  database.prepare('ATTACH ? AS source').run(file);
  // `places` and `counts` are written by triggers.
  for (const table of ['meta', 'connections', 'devices', 'adapters', 'changes', 'instances']) {
    const columns = database.prepare(`SELECT name FROM pragma_table_info('${table}', 'main')`).all();
    if (columns.length === 0) continue;
    const names = columns.map(({ name }) => name).join(', ');
    database.exec(`INSERT INTO main.${table} (${names}) SELECT ${names} FROM source.${table}`);
  }
  database.close();
}
