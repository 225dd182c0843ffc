import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deviceRef } from '@rollcall/core';
import { settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { createTurns } from '@rollcall/http-service';
import type { Scope } from '@rollcall/http-service/grants';
import type { TokenAnswer } from '@rollcall/http-service/tokens';
import { busy } from '../http/problem.ts';
import { connected, connectionId, disconnected } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';

interface SseEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A reader of `watch`. */
async function reader(port: number, headers: Readonly<Record<string, string>> = {}, tenant = 'acme') {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (piece: string) => (text += piece));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /v1/tenants/${tenant}/watch HTTP/1.1\r\nhost: x\r\n${lines.join('')}\r\n`);
  return {
    socket,
    /** Whether the answer has come to its end: its last chunk is an empty one. */
    isOver: () => text.endsWith('\r\n0\r\n\r\n'),
    head: () => text.split('\r\n\r\n', 1)[0] ?? '',
    events: () => eventsIn(text),
    async until(event: string, count = 1): Promise<readonly SseEvent[]> {
      await expect
        .poll(() => eventsIn(text).filter((each) => each.event === event).length)
        .toBeGreaterThanOrEqual(count);
      return eventsIn(text);
    },
  };
}

function eventsIn(text: string): readonly SseEvent[] {
  const found = text.matchAll(/event: (.*)\n(?:id: (.*)\n)?data: (.*)\n\n/g);
  return [...found].map(([, event = '', id, data = '']) => {
    const told = { event, data: JSON.parse(data) as SseEvent['data'] };
    return id === undefined ? told : Object.assign(told, { id });
  });
}

test('a reader gets the present devices, then each change, with ids', async () => {
  const { port, store } = await startApi();
  const begin = connected();
  await store.apply([begin, connected({ device: deviceRef('other', 'd') })]);
  const { head, until } = await reader(port);
  await until('snapshot-end');
  expect(head()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(head()).toMatch(/content-type: text\/event-stream/i);
  await store.apply([disconnected(begin), connected({ device: deviceRef('other', 'd') })]);
  expect(await until('change')).toMatchObject([
    { event: 'snapshot', data: { devices: [{ device: 'thermostat-7', status: 'online' }] } },
    { event: 'snapshot-end', id: 'm-2', data: { 'as-of': { 'lag-ms': 12 } } },
    { event: 'change', id: 'm-3', data: { device: 'thermostat-7', status: 'offline' } },
  ]);
});

test('a reader that connects again continues without a gap or a repetition', async () => {
  const { port, store } = await startApi();
  const first = await reader(port);
  await first.until('snapshot-end');
  for (let number = 0; number < 500; number += 1) {
    await store.apply([
      connected({ device: deviceRef('acme', `d-${number}`), connectionId: connectionId(number) }),
    ]);
    if (number === 100) {
      await first.until('change', 50);
      first.socket.destroy();
    }
  }
  const before = first.events().filter(({ event }) => event === 'change');
  const second = await reader(port, { 'last-event-id': before.at(-1)?.id ?? '' });
  await second.until('change', 500 - before.length);
  const seen = [...before, ...second.events()];
  expect(seen.map(({ data }) => data['device'])).toEqual(
    Array.from({ length: 500 }, (_, number) => `d-${number}`),
  );
});

test.each(['garbage', 'm-999999', '-1', '%00', 'm-1; drop table', 'x'.repeat(5_000), '"', "'", '🚀', 'm-1'])(
  'a reader with the id %j, which the log does not have, gets a reset and a snapshot',
  async (id) => {
    const { port, store } = await startApi();
    await store.apply([connected(), connected()]);
    store.droppedBefore = 2;
    const { until } = await reader(port, { 'last-event-id': encodeURI(id) });
    expect((await until('snapshot-end')).map(({ event }) => event)).toEqual([
      'reset',
      'snapshot',
      'snapshot-end',
    ]);
  },
);

test('a reader whose position is dropped from the log gets a snapshot instead of a gap', async () => {
  const { port, store } = await startApi();
  const { until, events } = await reader(port);
  await until('snapshot-end');
  store.droppedBefore = 5;
  for (let number = 0; number < 6; number += 1) await store.apply([connected()]);
  await until('snapshot-end', 2);
  expect(events().map(({ event }) => event)).toContain('reset');
});

test('a reader gets heartbeats while nothing changes, which state how far the stream was read', async () => {
  const { port, clock } = await startApi();
  const { until } = await reader(port);
  await until('snapshot-end');
  await expect.poll(() => clock.armed).toBeGreaterThan(0);
  clock.advance(15_000);
  expect((await until('heartbeat')).at(-1)).toMatchObject({
    id: 'm-0',
    data: { 'as-of': { at: '2026-11-28T12:00:14.988Z' } },
  });
});

test('a reader of a quiet tenant gets heartbeats while other tenants change often', async () => {
  const { port, store, clock } = await startApi();
  const { until } = await reader(port);
  await until('snapshot-end');
  for (const device of ['a', 'b', 'c']) {
    await expect.poll(() => clock.armed).toBeGreaterThan(0);
    clock.advance(5_000);
    await store.apply([
      connected({ device: deviceRef('other', device), connectionId: connectionId(device.charCodeAt(0)) }),
    ]);
    await settled();
  }
  expect(await until('heartbeat')).toMatchObject([
    { event: 'snapshot-end' },
    { event: 'heartbeat', data: { 'as-of': { at: '2026-11-28T12:00:14.988Z' } } },
  ]);
});

test('a reader that does not read is cut after ten seconds, and does not delay others', async () => {
  const { port, store, clock, watchers } = await startApi();
  const slow = await reader(port);
  const quick = await reader(port);
  await slow.until('snapshot-end');
  await quick.until('snapshot-end');
  slow.socket.pause();
  // More than the buffers of both ends of a socket hold.
  const remoteId = 'x'.repeat(50_000);
  for (let number = 0; number < 400; number += 1) {
    await store.apply([
      connected({ remoteId, connectionId: connectionId(number), device: deviceRef('acme', `d-${number}`) }),
    ]);
    if (number % 20 === 0) await settled();
  }
  await quick.until('change', 400);
  expect(watchers.size).toBe(2);
  clock.advance(9_999);
  expect(watchers.size).toBe(2);
  clock.advance(1);
  await expect.poll(() => watchers.size).toBe(1);
  expect(watchers.cut).toBe(1);
});

test('a reader beyond the limit is refused until another one disconnects', async () => {
  const { port, get, watchers } = await startApi({ maxWatchers: 2 });
  const readers: Socket[] = [];
  for (let number = 0; number < 2; number += 1) {
    const { socket, until } = await reader(port);
    await until('snapshot-end');
    readers.push(socket);
  }
  const refused = await get('/v1/tenants/acme/watch');
  expect([refused.status, await refused.json()]).toEqual([
    503,
    expect.objectContaining({ type: 'urn:rollcall:problem:too-many-watchers' }),
  ]);
  readers[0]?.destroy();
  await expect.poll(() => watchers.size).toBe(1);
  await (await reader(port)).until('snapshot-end');
});

test('the readers of one tenant cannot use the share of another tenant', async () => {
  const { port, get, watchers } = await startApi({ maxWatchers: 4 });
  const crowd: Awaited<ReturnType<typeof reader>>[] = [];
  for (let number = 0; number < 4; number += 1) {
    crowd.push(await reader(port));
    await crowd.at(-1)?.until('snapshot-end');
  }
  const over = (): readonly boolean[] => crowd.map(({ isOver }) => isOver());
  for (const expected of [
    [false, false, false, true],
    [false, false, true, true],
  ]) {
    const other = await reader(port, {}, 'other');
    await other.until('snapshot-end');
    await expect.poll(over).toEqual(expected);
  }
  // Both have their share: whoever comes now finds no room, of either tenant.
  expect((await get('/v1/tenants/other/watch')).status).toBe(503);
  expect((await get('/v1/tenants/acme/watch')).status).toBe(503);
  expect([watchers.size, ...over()]).toEqual([4, false, false, true, true]);
});

test('a stream ends when the token of its reader expires', async () => {
  const { port, clock, watchers } = await startApi({
    tokens: {
      check: async () => ({
        status: 'granted',
        grant: { tenants: '*', scopes: new Set(['read']), expiresAt: Date.parse('2026-11-28T12:01:00Z') },
      }),
    },
  });
  const { socket, until } = await reader(port);
  await until('snapshot-end');
  expect(watchers.size).toBe(1);
  const closed = once(socket, 'close');
  clock.advance(60_000);
  await expect.poll(() => watchers.size).toBe(0);
  socket.end();
  await closed;
});

test.each<readonly [string, TokenAnswer]>([
  ['is gone', { status: 'refused', why: 'the token is not known' }],
  ['is not for this tenant any more', granted(['other'], 'read')],
  ['may not read any more', granted(['acme'])],
])('a stream ends, and tells no change, when the token of its reader %s', async (_what, after) => {
  let answer = granted(['acme'], 'read');
  const { port, store, clock } = await startApi({ tokens: { check: async () => answer } });
  const { until, isOver, events } = await reader(port);
  await until('snapshot-end');
  await expect.poll(() => clock.armed).toBeGreaterThan(0);
  clock.advance(6_000);
  await store.apply([connected()]);
  await until('change');
  answer = after;
  clock.advance(6_000);
  await store.apply([connected({ connectionId: connectionId(2) })]);
  await expect.poll(isOver).toBe(true);
  expect(events().filter(({ event }) => event === 'change')).toHaveLength(1);
});

function granted(tenants: readonly string[], ...scopes: readonly Scope[]): TokenAnswer {
  return { status: 'granted', grant: { tenants: new Set(tenants), scopes: new Set(scopes) } };
}

test('readers at the same position share one query of the log', async () => {
  const { port, store } = await startApi();
  const readers = await Promise.all(Array.from({ length: 8 }, () => reader(port)));
  for (const { until } of readers) await until('snapshot-end');
  let looks = 0;
  const changes = store.changes.bind(store);
  store.changes = async (...given) => {
    looks += 1;
    return changes(...given);
  };
  await store.apply([connected()]);
  for (const { until } of readers) await until('change');
  // One for the change, and one that finds no more.
  expect(looks).toBe(2);
});

test('while the database is unavailable, a new reader gets 503, and the stream of a present one is cut without a failure report', async () => {
  const { port, get, store, watchers, failures } = await startApi();
  const { until, socket } = await reader(port);
  await until('snapshot-end');
  store.failure = new StoreUnavailable('away');
  expect((await get('/v1/tenants/acme/watch')).status).toBe(503);
  const closed = once(socket, 'close');
  store.wake();
  await closed;
  expect([watchers.size, failures]).toEqual([0, []]);
});

test('readers that connect together take turns with their snapshots, as all requests do', async () => {
  const { port, store } = await startApi({ turns: createTurns(1, 100, busy) });
  await store.apply([connected()]);
  let asking = 0;
  let most = 0;
  const list = store.list.bind(store);
  store.list = async (tenant, query) => {
    asking += 1;
    most = Math.max(most, asking);
    await settled();
    asking -= 1;
    return list(tenant, query);
  };
  const readers = await Promise.all([1, 2, 3].map(() => reader(port)));
  for (const { until } of readers) await until('snapshot-end');
  expect(most).toBe(1);
});
