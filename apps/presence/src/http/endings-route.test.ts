import { deviceRef, type Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';

const path = '/v1/tenants/acme/endings';

async function given() {
  const api = await startApi();
  const leave = (number: number, agoMs: number, reason: string) => {
    const endedAt = api.clock.now() - agoMs;
    const begin = connected({
      device: deviceRef('acme', `d-${number}`),
      connectionId: connectionId(number),
      at: (endedAt - 100_000) as Timestamp,
    });
    return api.store.apply([begin, disconnected(begin, { reason })]);
  };
  const ask = async (query = '') => {
    const response = await api.get(path + query);
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  };
  return { ...api, leave, ask };
}

test('one request answers which devices left in the last hour, and why', async () => {
  const { leave, ask } = await given();
  await leave(1, 3_600_000, 'client-closed');
  await leave(2, 3_599_999, 'client-closed');
  await leave(3, 60_000, 'keepalive-timeout');
  const { answer } = await ask();
  expect(answer).toMatchObject({
    tenant: 'acme',
    from: '2026-11-28T11:00:00.000Z',
    to: '2026-11-28T12:00:00.000Z',
    'known-since': '2026-11-28T10:00:00.000Z',
    endings: [
      {
        device: 'd-3',
        status: 'offline',
        reason: 'keepalive-timeout',
        initiator: 'network',
        'connection-id': connectionId(3),
        at: '2026-11-28T11:59:00.000Z',
        'left-between': { from: '2026-11-28T11:58:15.000Z', to: '2026-11-28T11:59:00.000Z' },
        'connected-at': '2026-11-28T11:57:20.000Z',
      },
      { device: 'd-2', reason: 'client-closed' },
    ],
    'as-of': { complete: true },
  });
  expect(answer['next']).toBeUndefined();
});

test('endings come page by page, each once, while more devices leave', async () => {
  const { leave, ask } = await given();
  for (let number = 0; number < 9; number += 1) await leave(number, 1_000_000 - number, 'inactive');
  const seen: unknown[] = [];
  let cursor = '';
  do {
    const { answer } = await ask(`?reason=inactive&limit=4${cursor}`);
    seen.push(...(answer['endings'] as { device: string }[]).map(({ device }) => device));
    await leave(100 + seen.length, 5_000, 'inactive');
    cursor = typeof answer['next'] === 'string' ? `&cursor=${answer['next']}` : '';
  } while (cursor !== '');
  expect(seen).toEqual(Array.from({ length: 9 }, (_, number) => `d-${8 - number}`));
});

test('the answer states since when it is complete: since the retention of endings', async () => {
  const api = await startApi({ retention: { defaultMs: 60_000, tenantMs: new Map([['other', 1_000]]) } });
  const since = async (tenant: string) =>
    ((await (await api.get(`/v1/tenants/${tenant}/endings`)).json()) as Record<string, unknown>)[
      'known-since'
    ];
  expect([await since('acme'), await since('other')]).toEqual([
    '2026-11-28T11:59:00.000Z',
    '2026-11-28T11:59:59.000Z',
  ]);
});

test('endings that an earlier, shorter retention dropped are not said to be known', async () => {
  const api = await startApi({ retention: { defaultMs: 3_600_000, tenantMs: new Map() } });
  api.store.droppedThrough = api.clock.now() - 60_000;
  expect(await (await api.get('/v1/tenants/acme/endings')).json()).toMatchObject({
    'known-since': '2026-11-28T11:59:00.000Z',
  });
});

test.each([path, '/v1/tenants/acme/devices'])(
  'GET %s refuses a reason that is neither in the contract nor in use by a device, and accepts one of a later version',
  async (asked) => {
    const { get, leave } = await given();
    const status = async (reason: string): Promise<number> => (await get(`${asked}?reason=${reason}`)).status;
    expect(await status('buried')).toBe(200);
    expect(await status('retired')).toBe(400);
    expect(await (await get(`${asked}?reason=retierd`)).json()).toMatchObject({
      field: 'reason',
      detail: expect.stringMatching(
        /^reason: must be one of client-closed, keepalive-timeout, .*unspecified$/,
      ),
    });
    // An open list of the contract: any protocol may be asked for.
    expect((await get(`${asked}?protocol=LoRa`)).status).toBe(200);
    await leave(1, 5_000, 'retired');
    expect(await status('retired')).toBe(200);
    // Of another period there is none; but the reason is not a typing error.
    expect((await get(`${path}?reason=retired&to=2026-11-27T00:00:00Z`)).status).toBe(200);
    expect(await status('retierd')).toBe(400);
  },
);
