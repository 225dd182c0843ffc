import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

import { startApi } from '../testing/start-api.ts';
import { cursorOf } from './cursors.ts';

const device = '/v1/tenants/acme/devices/d';
const list = '/v1/tenants/acme/devices';
const endings = '/v1/tenants/acme/endings';
const long = 'x'.repeat(2_000);

test.each([
  // Garbage in queries.
  [`${device}?status=online`, 'status'],
  [`${list}?status=on`, 'status'],
  [`${list}?status=online&status=offline`, 'status'],
  [`${list}?satus=online`, 'satus'],
  [`${list}?__proto__=1`, '__proto__'],
  [`${list}?constructor=1`, 'constructor'],
  [`${list}?status[]=online`, 'query'],
  [`${list}?limit=0`, 'limit'],
  [`${list}?limit=1001`, 'limit'],
  [`${list}?limit=-1`, 'limit'],
  [`${list}?limit=1e2`, 'limit'],
  [`${list}?limit=99999999999999999999`, 'limit'],
  [`${list}?limit=`, 'limit'],
  [`${list}?limit`, 'limit'],
  [`${list}?since=yesterday`, 'since'],
  [`${list}?since=2026-11-31T00:00:00Z`, 'since'],
  [`${list}?since=2026-11-30T00:00:00`, 'since'],
  [`${list}?since=1732780800000`, 'since'],
  [`${list}?q=`, 'q'],
  [`${list}?q=${long}`, 'q'],
  [`${list}?q=%00`, 'q'],
  [`${list}?q=%ED%A0%80`, 'q'],
  [`${list}?q=%zz`, 'q'],
  [`${list}?q=%`, 'q'],
  [`${list}?%=1`, 'query'],
  [`${list}?cursor=${long.repeat(7)}`, 'cursor'],
  [`${list}?${'a=1&'.repeat(100)}`, 'query'],
  [`${device}/history?from=2026-11-30T00:00:00Z&to=2026-11-01T00:00:00Z`, 'from'],
  [`${device}/at`, 'time'],
  [`${device}/at?time=now`, 'time'],
  [`${device}/at?time=9999-12-31T23:59:59-00:01`, 'time'],
  [`${device}/at?time=0000-01-01T00:00:00%2B00:01`, 'time'],
  ['/v1/tenants/acme/summary?flaps=0', 'flaps'],
  ['/v1/tenants/acme/watch?since=now', 'since'],
  [`${list}?reason=keepalive-timout`, 'reason'],
  [`${list}?reason=toString`, 'reason'],
  [`${endings}?reason=Keepalive-Timeout`, 'reason'],
  [`${endings}?reason=`, 'reason'],
  [`${endings}?from=2026-11-30T00:00:00Z&to=2026-11-01T00:00:00Z`, 'from'],
  [`${endings}?from=today`, 'from'],
  [`${endings}?status=online`, 'status'],
  [`${endings}?limit=1001`, 'limit'],
  [`${endings}?cursor=d-1`, 'cursor'],
  [`${endings}?cursor=${cursorOf([1, 'd'])}`, 'cursor'],
  [`${endings}?cursor=${cursorOf(['1', 'd', 'c'])}`, 'cursor'],
  [`${endings}?cursor=${cursorOf([1, 'd', '\0'])}`, 'cursor'],
  [`${endings}?cursor=${cursorOf([1.5, 'd', 'c'])}`, 'cursor'],
  // Names that nothing can have.
  ['/v1/tenants/acme/devices/%00', 'device'],
  [`/v1/tenants/acme/devices/${long}`, 'device'],
  [`/v1/tenants/${long}/devices/d`, 'tenant'],
  ['/v1/tenants/%00/summary', 'tenant'],
  ['/v1/tenants//summary', 'tenant'],
])('GET %s is refused, and the answer names the field', async (path, field) => {
  const { get, failures } = await startApi();
  const response = await get(path);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(await response.json()).toMatchObject({
    type: 'urn:rollcall:problem:bad-input',
    status: 400,
    title: expect.any(String),
    field,
  });
  expect(response.status).toBe(400);
  expect(failures).toEqual([]);
});

test.each([
  ['GET', '/', 404],
  ['GET', '/v1', 404],
  ['GET', '/v1/tenants/acme/devices/a/b', 404],
  ['GET', '/v1/tenants/acme/devices/a/../../../../etc/passwd', 404],
  ['GET', '/v1/tenants/acme/devices/%2e%2e%2fx/history/y', 404],
  ['GET', '//evil.test/v1', 404],
  ['GET', '/v1/tenants/acme/devices/%zz', 400],
  ['GET', '/v1/tenants/acme/devices/%ED%A0%80', 400],
  ['GET', '/v1/devices:query', 405],
  ['POST', '/v1/tenants/acme/devices/d', 405],
  ['PUT', '/v1/tenants/acme/devices', 405],
  ['DELETE', '/v1/tenants/acme/devices', 405],
  ['POST', '/v1/tenants/acme/summary', 405],
  ['POST', '/v1/tenants/acme/timeline', 405],
  ['POST', '/v1/tenants/acme/endings', 405],
  ['HEAD', '/v1/tenants/acme/watch', 405],
  ['TRACE', '/v1/tenants/acme/devices', 404],
  ['QUERY', '/v1/tenants/acme/summary', 405],
  ['PATCH', '/readiness', 405],
])('%s %s is %i, as a problem document', async (method, path, status) => {
  const { port, failures } = await startApi();
  const answer = await ask(port, `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status === 404 ? '40[45]' : status} `));
  expect(answer).toContain('content-type: application/problem+json');
  expect(failures).toEqual([]);
});

const many = (count: number): string =>
  JSON.stringify({
    devices: Array.from({ length: count }, (_, n) => ({ tenant: 'acme', device: `d-${n}` })),
  });

test.each([
  ['1,001 devices', many(1_001), 400, 'devices'],
  ['no device', '{"devices": []}', 400, 'devices'],
  ['no list', '{"devices": {"length": 3}}', 400, 'devices'],
  ['nothing', '{}', 400, 'devices'],
  ['a list', '[]', 400, 'body'],
  ['null', 'null', 400, 'body'],
  ['another member', '{"devices": [{"tenant": "acme", "device": "d"}], "limit": 3}', 400, 'body'],
  ['a device that is a text', '{"devices": ["d"]}', 400, 'devices[0]'],
  ['a device without a tenant', '{"devices": [{"device": "d"}]}', 400, 'devices[0].tenant'],
  ['a number', '{"devices": [{"tenant": "acme", "device": 7}]}', 400, 'devices[0].device'],
  ['an empty id', '{"devices": [{"tenant": "acme", "device": ""}]}', 400, 'devices[0].device'],
  ['a NUL', '{"devices": [{"tenant": "acme", "device": "\\u0000"}]}', 400, 'devices[0].device'],
  ['half a character', '{"devices": [{"tenant": "acme", "device": "\\ud800"}]}', 400, 'devices[0].device'],
  ['no JSON', '{"devices"', 400, undefined],
  ['a poisoned prototype', '{"__proto__": {"devices": []}}', 400, undefined],
  ['two megabytes', ' '.repeat(2_000_000), 413, undefined],
  ['an empty body', '', 400, undefined],
])('a query with %s is refused', async (_what, body, status, field) => {
  const { url, failures } = await startApi();
  const response = await fetch(`${url}/v1/devices:query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const problem = (await response.json()) as { readonly field?: string };
  expect([response.status, problem]).toEqual([status, expect.objectContaining({ status })]);
  expect(problem.field).toBe(field);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(failures).toEqual([]);
});

test('a query of 1,000 devices is answered', async () => {
  const { url } = await startApi();
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/devices:query`, { method: 'POST', headers, body: many(1_000) });
  expect(((await response.json()) as { readonly devices: unknown[] }).devices).toHaveLength(1_000);
});

test('a body of another type is refused', async () => {
  const { url } = await startApi();
  const response = await fetch(`${url}/v1/devices:query`, { method: 'POST', body: 'devices=d' });
  expect([response.status, await response.json()]).toEqual([
    415,
    expect.objectContaining({ type: 'urn:rollcall:problem:unsupported-media-type' }),
  ]);
});

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400],
  [
    'headers without end',
    `GET / HTTP/1.1\r\nhost: x\r\n${`a: ${'b'.repeat(1_000)}\r\n`.repeat(40)}\r\n`,
    431,
  ],
  ['no host', 'GET /v1 HTTP/1.1\r\n\r\n', 400],
  [
    'two lengths',
    'POST /v1/devices:query HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd',
    400,
  ],
])('%s is answered on the socket', async (_what, bytes, status) => {
  const { port } = await startApi();
  const answer = await ask(port, bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

async function ask(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.end(bytes);
  return text(socket);
}
