import { expect, test } from 'vitest';
import type { Timestamp } from '@rollcall/core';
import type { Grant } from '@rollcall/http-service/grants';
import { connected, connectionId } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';
import { asOf } from './as-of.ts';

const path = '/v1/adapters';
const minuteMs = 60_000;

function announced(id: string, instance: string, announceIntervalMs?: number) {
  const event = connected({ adapter: { type: 'hono-mqtt', id, instance }, connectionId: connectionId(1) });
  return announceIntervalMs === undefined ? event : { ...event, announcement: true, announceIntervalMs };
}

async function publishing(get: (path: string) => Promise<Response>): Promise<unknown> {
  const { adapters } = (await (await get(path)).json()) as {
    readonly adapters: readonly { readonly instance: string; readonly publishing: unknown }[];
  };
  return Object.fromEntries(adapters.map((each) => [each.instance, each.publishing]));
}

test('an instance is publishing until it misses three announcements; whether one that never announced is publishing is unknown', async () => {
  const { store, clock, get } = await startApi();
  await store.apply([
    announced('a', 'fast', minuteMs),
    announced('a', 'slow', 60 * minuteMs),
    announced('b', 'mute'),
  ]);
  // The answers reach to 12 ms ago.
  clock.advance(3 * minuteMs + 12);
  expect(await publishing(get)).toEqual({ fast: true, slow: true, mute: true });
  clock.advance(1);
  expect(await publishing(get)).toEqual({ fast: false, slow: true, mute: true });
  clock.advance(180 * minuteMs);
  expect(await publishing(get)).toEqual({ fast: false, slow: false, mute: null });
});

test('no instance counts as silent while the service reads no events', async () => {
  let readThrough: Timestamp | undefined;
  const { store, clock, get } = await startApi({
    asOf: () => asOf({ now: clock.now(), readThrough, followedSince: clock.now(), announceIntervalMs: 1 }),
  });
  await store.apply([announced('a', 'i', minuteMs)]);
  clock.advance(10 * minuteMs);
  expect(await publishing(get)).toEqual({ i: null });
  readThrough = (clock.now() - 8 * minuteMs) as Timestamp;
  expect(await publishing(get)).toEqual({ i: true });
});

test('the pages list every instance, and an invalid cursor is refused', async () => {
  const { store, get } = await startApi();
  await store.apply(['i-1', 'i-2', 'i-3'].map((instance) => announced('a', instance, minuteMs)));
  const seen: string[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const cursor = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const page = (await (await get(`${path}?limit=1${cursor}`)).json()) as {
      readonly adapters: readonly { readonly instance: string }[];
      readonly next?: string;
    };
    seen.push(...page.adapters.map(({ instance }) => instance));
    next = page.next;
  }
  expect(seen).toEqual(['i-1', 'i-2', 'i-3']);
  for (const [query, field] of [
    ['cursor=xyz', 'cursor'],
    ['cursor=WyJhIiwxXQ', 'cursor'],
    ['limit=0', 'limit'],
    ['instance=', 'instance'],
    ['tenant=acme', 'tenant'],
  ]) {
    const response = await get(`${path}?${query}`);
    expect([query, response.status, ((await response.json()) as { field: string }).field]).toEqual([
      query,
      400,
      field,
    ]);
  }
});

test.each<[string, Grant, number]>([
  ['to read, of all tenants', { tenants: '*', scopes: new Set(['read']) }, 200],
  ['to administrate all tenants', { tenants: '*', scopes: new Set(['admin']) }, 200],
  ['of one tenant', { tenants: new Set(['acme']), scopes: new Set(['read', 'admin']) }, 403],
  ['of all tenants, and no scope', { tenants: '*', scopes: new Set() }, 403],
])('a token %s', async (_kind, grant, status) => {
  const { get } = await startApi({ tokens: { check: async () => ({ status: 'granted', grant }) } });
  const response = await get(path);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain(
    status === 200 ? 'application/json' : 'application/problem+json',
  );
});
