import { deviceRef, type Timestamp } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';

const devicePath = '/v1/tenants/acme/devices/thermostat-7';

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

describe('one device', () => {
  test('is unknown before its first event', async () => {
    const { get } = await startApi();
    const response = await get(devicePath);
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual({
      tenant: 'acme',
      device: 'thermostat-7',
      status: 'unknown',
      connections: [],
      'as-of': {
        at: '2026-11-28T11:59:59.988Z',
        'lag-ms': 12,
        'covered-since': '2026-11-28T10:00:00.000Z',
        'complete-from': '2026-11-28T11:00:00.000Z',
        complete: true,
      },
    });
  });

  test('is online with the facts of its connection, then offline with the interval in which it left', async () => {
    const { get, store } = await startApi();
    const begin = connected();
    await store.apply([begin]);
    expect(await json(await get(devicePath))).toMatchObject({
      status: 'online',
      since: '2026-11-23T08:00:00.000Z',
      connections: [
        {
          protocol: 'MQTT 5.0',
          basis: { kind: 'session', 'detect-within-ms': 90_000 },
          adapter: { id: 'mqtt-0' },
          'remote-id': 'thermostat-7',
        },
      ],
    });
    await store.apply([disconnected(begin)]);
    expect(await json(await get(devicePath))).toMatchObject({
      status: 'offline',
      since: '2026-11-23T08:01:40.000Z',
      connections: [],
      'last-ending': {
        reason: 'keepalive-timeout',
        'left-between': { from: '2026-11-23T08:00:55.000Z', to: '2026-11-23T08:01:40.000Z' },
      },
    });
  });

  test('left no earlier than it came, even if the uncertainty of its ending is longer', async () => {
    const { get, store } = await startApi();
    await store.apply([disconnected(connected(), { uncertaintyMs: 86_400_000 })]);
    expect(await json(await get(devicePath))).toMatchObject({
      'last-ending': {
        'left-between': { from: '2026-11-23T08:00:00.000Z', to: '2026-11-23T08:01:40.000Z' },
        'uncertainty-ms': 86_400_000,
      },
    });
  });

  test('keeps its ETag until something changes, while time goes on', async () => {
    const { get, store, clock } = await startApi();
    await store.apply([connected()]);
    const etag = (await get(devicePath)).headers.get('etag') ?? '';
    clock.advance(5_000);
    for (const tag of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
      const again = await get(devicePath, { 'if-none-match': tag });
      expect([again.status, await again.text()]).toEqual([304, '']);
      expect(again.headers.get('rollcall-as-of')).toBe('2026-11-28T12:00:04.988Z');
    }
    await store.apply([connected({ connectionId: connectionId(2) })]);
    expect((await get(devicePath, { 'if-none-match': etag })).status).toBe(200);
  });

  test('with an unusual name is found by its percent-encoded name', async () => {
    const { get, store } = await startApi();
    for (const name of ['a/b', 'ä ö', '100%', '...', 'a?b#c', '🚀', ':query', '%2F']) {
      await store.apply([connected({ device: deviceRef('acme', name) })]);
      expect(await json(await get(`/v1/tenants/acme/devices/${encodeURIComponent(name)}`))).toMatchObject({
        device: name,
        status: 'online',
      });
    }
  });
});

describe('several devices', () => {
  test('are listed page by page, each once, while other devices come', async () => {
    const { get, store } = await startApi();
    const name = (number: number): string => `d-${String(number).padStart(2, '0')}`;
    for (let number = 0; number < 20; number += 2)
      await store.apply([connected({ device: deviceRef('acme', name(number)) })]);
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 5; page += 1) {
      const query = `limit=3${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { devices, next } = await json(await get(`/v1/tenants/acme/devices?${query}`));
      seen.push(...(devices as readonly { readonly device: string }[]).map(({ device }) => device));
      await store.apply([connected({ device: deviceRef('acme', name(2 * page + 1)) })]);
      cursor = typeof next === 'string' ? next : '';
      if (next === undefined) break;
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (let number = 0; number < 20; number += 2) expect(seen).toContain(name(number));
  });

  test('are answered in the order of one request for all of them', async () => {
    const { url, store } = await startApi();
    await store.apply([connected({ device: deviceRef('acme', 'b') })]);
    const response = await fetch(`${url}/v1/devices:query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        devices: [
          { tenant: 'acme', device: 'a' },
          { tenant: 'acme', device: 'b' },
          { tenant: 'other', device: 'b' },
        ],
      }),
    });
    expect(await json(response)).toMatchObject({
      devices: [
        { tenant: 'acme', device: 'a', status: 'unknown' },
        { tenant: 'acme', device: 'b', status: 'online' },
        { tenant: 'other', device: 'b', status: 'unknown' },
      ],
      'as-of': { 'lag-ms': 12 },
    });
  });

  test('are counted', async () => {
    const { get, store } = await startApi();
    await store.apply([connected()]);
    expect(await json(await get('/v1/tenants/acme/summary?flaps=3'))).toMatchObject({
      devices: { online: 1, offline: 0, unknown: 0 },
      'flaps-per-hour': 3,
      flapping: [],
      'as-of': { complete: true },
    });
  });
});

test('all requests within two seconds share one count, which states how far the stream was read', async () => {
  const { get, store, clock } = await startApi();
  const ask = async (): Promise<unknown> => {
    const { devices, 'as-of': asOf } = await json(await get('/v1/tenants/acme/summary'));
    const { at, 'lag-ms': lagMs } = asOf as { readonly at: string; readonly 'lag-ms': number };
    return [(devices as { readonly online: number }).online, at, lagMs];
  };
  await store.apply([connected()]);
  const [one, other] = await Promise.all([ask(), ask()]);
  expect([one, other]).toEqual(Array.from({ length: 2 }, () => [1, '2026-11-28T11:59:59.988Z', 12]));
  await store.apply([
    connected({ device: deviceRef('acme', 'another'), connectionId: connectionId(2), slot: 'x' }),
  ]);
  clock.advance(1_999);
  expect(await ask()).toEqual([1, '2026-11-28T11:59:59.988Z', 2_011]);
  clock.advance(1);
  expect(await ask()).toEqual([2, '2026-11-28T12:00:01.988Z', 12]);
});

test('the next request counts again after a count failed', async () => {
  const { get, store } = await startApi();
  store.failure = new StoreUnavailable('away');
  expect((await get('/v1/tenants/acme/summary')).status).toBe(503);
  store.failure = undefined;
  expect((await get('/v1/tenants/acme/summary')).status).toBe(200);
});

describe('the past of a device', () => {
  test('is listed as connections with their beginning and end', async () => {
    const { get, store } = await startApi();
    const begin = connected();
    await store.apply([begin, disconnected(begin)]);
    expect(await json(await get(`${devicePath}/history?from=2026-11-23T08:00:30Z`))).toMatchObject({
      connections: [
        { state: 'ended', 'connected-at': '2026-11-23T08:00:00.000Z', ending: { 'uncertainty-ms': 45_000 } },
      ],
    });
    expect(await json(await get(`${devicePath}/history?from=2026-11-24T00:00:00%2B01:00`))).toMatchObject({
      connections: [],
    });
  });

  test('is uncertain for a single time where the device is unknown, without an event or with one of an adapter that reports no connections', async () => {
    const { get, store } = await startApi();
    const device = deviceRef('acme', 'thermostat-7');
    const both = async () => [
      (await json(await get(devicePath)))['status'],
      await json(await get(`${devicePath}/at?time=2026-11-28T11:30:00Z`)),
    ];
    const unknown = ['unknown', expect.objectContaining({ answer: 'uncertain', because: 'not-covered' })];
    expect(await both()).toEqual(unknown);
    await store.apply([{ type: 'hono', cause: 'connected', device, remoteId: 'r', source: 'hono-mqtt' }]);
    expect(await both()).toEqual(unknown);
  });

  test('is answered for a single time: yes, no, or uncertain with the interval', async () => {
    const { get, store } = await startApi();
    const at = Date.parse('2026-11-28T11:00:00Z') as Timestamp;
    const begin = connected({ at });
    await store.apply([begin, disconnected(begin)]);
    const answerAt = async (time: string) => json(await get(`${devicePath}/at?time=${time}`));
    expect(await answerAt('2026-11-28T11:00:30Z')).toMatchObject({ answer: 'yes' });
    expect(await answerAt('2026-11-28T11:02:00Z')).toMatchObject({ answer: 'no' });
    expect(await answerAt('2026-11-28T11:01:00Z')).toMatchObject({
      answer: 'uncertain',
      because: 'left-between',
      between: { from: '2026-11-28T11:00:55.000Z', to: '2026-11-28T11:01:40.000Z' },
    });
    expect(await answerAt('2026-11-28T09:00:00Z')).toMatchObject({
      answer: 'uncertain',
      because: 'not-covered',
    });
    expect(await answerAt('2036-11-28T09:00:00Z')).toMatchObject({
      answer: 'uncertain',
      because: 'not-read-yet',
    });
  });

  test('is uncertain for a time whose connections an earlier, shorter retention dropped', async () => {
    const { get, store } = await startApi();
    const begin = connected({ at: Date.parse('2026-11-28T11:30:00Z') as Timestamp });
    await store.apply([begin, disconnected(begin)]);
    const answerAt = async () => json(await get(`${devicePath}/at?time=2026-11-28T11:15:00Z`));
    expect(await answerAt()).toMatchObject({ answer: 'no' });
    store.droppedThrough = Date.parse('2026-11-28T11:20:00Z');
    expect(await answerAt()).toMatchObject({
      answer: 'uncertain',
      because: 'not-covered',
      between: { to: '2026-11-28T11:20:00.000Z' },
    });
  });

  test('is forgotten on request', async () => {
    const { url, store, get } = await startApi();
    const begin = connected();
    await store.apply([begin, disconnected(begin)]);
    const forgotten = await fetch(url + devicePath, { method: 'DELETE' });
    expect([forgotten.status, await forgotten.text()]).toEqual([204, '']);
    expect(await json(await get(`${devicePath}/history`))).toMatchObject({ connections: [] });
  });
});

describe('the service itself', () => {
  test('reports its health on the same port', async () => {
    const { get } = await startApi();
    expect(await json(await get('/readiness'))).toEqual({
      status: 'DEGRADED',
      checks: [{ name: 'stream-lag', status: 'DEGRADED', reason: 'answers are 9 s old' }],
    });
    expect(await json(await get('/started'))).toMatchObject({ status: 'UP' });
    expect(await json(await get('/liveness'))).toMatchObject({ status: 'UP' });
    expect(await (await get('/metrics')).text()).toContain('rollcall_presence_lag_seconds 9');
  });

  test('answers 503 while its database is unavailable, and reports no failure', async () => {
    const { get, store, failures } = await startApi();
    store.failure = new StoreUnavailable('connect ECONNREFUSED 10.0.0.1:5432');
    const response = await get(devicePath);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.text()).not.toContain('10.0.0.1');
    expect(failures).toEqual([]);
  });

  test('reports its own errors to the operator, not to the client', async () => {
    const { get, store, failures } = await startApi();
    store.failure = new Error('secret of the database');
    const response = await get(devicePath);
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.text()).not.toContain('secret');
    expect(failures).toHaveLength(1);
  });

  test('allows requests from web pages of an allowed origin, and no other', async () => {
    const { url, get } = await startApi({ allowedOrigin: /^(?:https:\/\/.*\.example)$/ });
    const allowed = await get(devicePath, { origin: 'https://a.example' });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://a.example');
    // Cookies are of no use here: none may be sent.
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of ['https://evil.test', 'null', 'https://a.example.evil.test', 'http://a.example']) {
      const other = await get(devicePath, { origin });
      expect([origin, other.headers.get('access-control-allow-origin')]).toEqual([origin, null]);
    }
    const preflight = await fetch(url + devicePath, {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example', 'access-control-request-method': 'DELETE' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, HEAD, POST, DELETE',
    ]);
  });
});
