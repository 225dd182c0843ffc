import { migrate } from '@rollcall/runtime/sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { SearchFilter } from '../registry-search.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { openDatabase } from './open-database.ts';
import { steps } from './schema.ts';
import { Search } from './search.ts';

const page = { pageSize: 2, pageIndex: 1, filters: [], order: [] };
const devices = 2_000;

/** A tenant with many devices. Each look at the clock takes as long as it says. */
function given(lookMs: number): Search {
  const database = openDatabase(':memory:');
  onTestFinished(() => database.close());
  migrate(database, steps);
  let nowMs = 0;
  const search = new Search(database, () => (nowMs += lookMs));
  database.exec("INSERT INTO tenants (id, content, version) VALUES ('acme', '{}', 'v')");
  const insert = database.prepare(
    "INSERT INTO devices (tenant, id, content, version, credentials_version, created_at) VALUES ('acme', ?, ?, 'v', 'v', 0)",
  );
  for (let index = 0; index < devices; index++)
    insert.run(`d${String(index).padStart(4, '0')}`, JSON.stringify({ ext: { n: index, text: 'aaa' } }));
  return search;
}

const slowFilters: readonly [string, SearchFilter][] = [
  ['a pattern', { path: ['ext', 'text'], op: 'not-in', values: ['*b*'] }],
  ['a list of values', { path: ['ext', 'n'], op: 'not-in', values: [-1, -2] }],
];

test.each(slowFilters)(
  'a search with %s ends when it takes too long, and others are answered',
  (_what, filter) => {
    const search = given(1_000);
    expect(() => search.devices('acme', { ...page, filters: [filter] })).toThrow(StoreUnavailable);
    expect(search.tenants({ ...page, pageIndex: 0 }).total).toBe(1);
  },
);

test.each(slowFilters)('a search with %s has its time, however many were before', (_what, filter) => {
  const search = given(1);
  for (let times = 0; times < 5; times++)
    expect(search.devices('acme', { ...page, filters: [filter] })).toMatchObject({
      total: devices,
      found: [{ id: 'd0002' }, { id: 'd0003' }],
    });
});
