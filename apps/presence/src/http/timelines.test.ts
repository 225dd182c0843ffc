import { expect, test } from 'vitest';
import { connected } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';

const path = '/v1/tenants/acme/timeline?from=2026-11-28T11:00:00Z&to=2026-11-28T11:30:00Z';

test('equal requests within ten seconds share one count, and its age is stated', async () => {
  const { get, store, clock } = await startApi();
  let counts = 0;
  const timeline = store.timeline.bind(store);
  store.timeline = (...given) => {
    counts += 1;
    return timeline(...given);
  };
  await store.apply([connected()]);
  await Promise.all([get(path), get(path), get(`${path}&step=60`)]);
  expect(counts).toBe(2);
  clock.advance(9_000);
  expect(await (await get(path)).json()).toMatchObject({ 'as-of': { 'lag-ms': 9_012 } });
  clock.advance(1_000);
  await get(path);
  expect(counts).toBe(3);
});

test.each([
  ['from=2026-11-28T11:00:00Z&to=2026-11-28T11:00:00Z', 'from'],
  ['from=2026-11-28T11:00:00Z&to=2026-11-28T12:00:00Z&step=7', 'step'],
  ['step=0', 'step'],
])('a period that cannot be counted is refused: %s', async (query, field) => {
  const { get } = await startApi();
  const response = await get(`/v1/tenants/acme/timeline?${query}`);
  expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ field })]);
});

test('the answer states since when its counts are whole: behind the retention, connections that ended are missing', async () => {
  const retention = { defaultMs: 60_000, tenantMs: new Map([['other', 1_000]]) };
  const api = await startApi({ retention });
  const since = async (tenant: string) =>
    ((await (await api.get(`/v1/tenants/${tenant}/timeline`)).json()) as Record<string, unknown>)[
      'known-since'
    ];
  expect([await since('acme'), await since('other')]).toEqual([
    '2026-11-28T11:59:00.000Z',
    '2026-11-28T11:59:59.000Z',
  ]);
  // A retention that is longer than it was brings none of them back.
  api.clock.advance(10_000);
  api.store.droppedThrough = api.clock.now() - 5_000;
  expect(await since('acme')).toBe('2026-11-28T12:00:05.000Z');
});

test('where all connections are kept for longer, the counts are whole since the service follows events', async () => {
  const api = await startApi();
  expect(await (await api.get(path)).json()).toMatchObject({ 'known-since': '2026-11-28T10:00:00.000Z' });
});
