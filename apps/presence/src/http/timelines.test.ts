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
