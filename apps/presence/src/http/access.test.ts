import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { settled } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Grant, Scope } from '@rollcall/http-service/grants';
import type { TokenAnswer } from '@rollcall/http-service/tokens';
import { connected } from '../testing/received.ts';
import { startApi } from '../testing/start-api.ts';

function granting(tenants: Grant['tenants'], ...scopes: readonly Scope[]) {
  const answer: TokenAnswer = { status: 'granted', grant: { tenants, scopes: new Set(scopes) } };
  return { tokens: { check: async () => answer } };
}

const questions = (tenant: string) =>
  [
    ['GET', `/v1/tenants/${tenant}/devices`],
    ['GET', `/v1/tenants/${tenant}/devices/d`],
    ['GET', `/v1/tenants/${tenant}/devices/d/history`],
    ['GET', `/v1/tenants/${tenant}/devices/d/at?time=2026-11-28T00:00:00Z`],
    ['GET', `/v1/tenants/${tenant}/summary`],
    ['GET', `/v1/tenants/${tenant}/timeline`],
    ['GET', `/v1/tenants/${tenant}/watch`],
    ['DELETE', `/v1/tenants/${tenant}/devices/d`],
    ['POST', '/v1/devices:query', JSON.stringify({ devices: [{ tenant, device: 'd' }] })],
  ] as const;

async function ask(url: string, [method, path, body]: readonly [string, string, string?]): Promise<Response> {
  return fetch(url + path, {
    method,
    ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
  });
}

test('a request about a tenant outside the token gets the same refusal, whether the tenant exists or not, and whatever else is wrong', async () => {
  const { url, store } = await startApi(granting(new Set(['acme']), 'read', 'admin'));
  await store.apply([connected({ device: { ...connected().device, tenant: 'other' as never } })]);
  const answers = new Set<string>();
  for (const tenant of ['other', 'nowhere', '%00', 'ACME', 'acme%20', '*'])
    for (const question of questions(tenant)) {
      const response = await ask(url, question);
      expect([question, response.status]).toEqual([question, 403]);
      answers.add(await response.text());
    }
  expect(answers.size).toBe(1);
  const mixed = {
    devices: [
      { tenant: 'acme', device: 'd' },
      { tenant: 'other', device: 'd' },
    ],
  };
  expect((await ask(url, ['POST', '/v1/devices:query', JSON.stringify(mixed)])).status).toBe(403);
});

test('a token with the scope to read cannot have a device forgotten', async () => {
  const { url } = await startApi(granting('*', 'read'));
  const response = await ask(url, ['DELETE', '/v1/tenants/acme/devices/d']);
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([
    403,
    'Bearer realm="rollcall-presence", error="insufficient_scope"',
  ]);
  expect((await ask(url, ['GET', '/v1/tenants/acme/devices/d'])).status).toBe(200);
});

test('a token without a scope is refused everywhere', async () => {
  const { url } = await startApi(granting('*'));
  for (const question of questions('acme')) expect((await ask(url, question)).status).toBe(403);
});

describe('without a token that is valid', () => {
  const refusing = {
    tokens: { check: async (): Promise<TokenAnswer> => ({ status: 'refused', why: 'no' }) },
  };

  test('every request about devices is refused before it is read', async () => {
    const { url } = await startApi(refusing);
    for (const question of [...questions('acme'), ['POST', '/v1/devices:query', '{'] as const]) {
      const response = await ask(url, question);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    }
  });

  test('probes and the description of the API are answered', async () => {
    const { get } = await startApi(refusing);
    for (const path of ['/started', '/readiness', '/liveness', '/metrics', '/openapi.json'])
      expect((await get(path)).status).toBe(200);
  });
});

test.each([
  [new Set(['b', 'a']), ['a', 'b']],
  [new Set<string>(), []],
  ['*' as const, ['acme', 'other']],
])('of tenants %j, those that may be seen are listed', async (tenants, listed) => {
  const { get, store } = await startApi(granting(tenants, 'read'));
  await store.apply([connected(), connected({ device: deviceRef('other', 'd') })]);
  expect(await (await get('/v1/tenants')).json()).toMatchObject({ tenants: listed });
  const names: string[] = [];
  for (let cursor = ''; ; cursor = `&cursor=${names.at(-1)}`) {
    const page = (await (await get(`/v1/tenants?limit=1${cursor}`)).json()) as Page;
    names.push(...page.tenants);
    if (page.next === undefined) break;
  }
  expect(names).toEqual(listed);
});

interface Page {
  readonly tenants: readonly string[];
  readonly next?: string;
}

test('the list of tenants is refused without a scope, and without a token', async () => {
  expect((await (await startApi(granting('*'))).get('/v1/tenants')).status).toBe(403);
  const refused = { tokens: { check: async (): Promise<TokenAnswer> => ({ status: 'refused', why: 'no' }) } };
  expect((await (await startApi(refused)).get('/v1/tenants')).status).toBe(401);
});

test('a request gets 503 with retry-after while tokens cannot be checked', async () => {
  const { get } = await startApi({ tokens: { check: async () => ({ status: 'unavailable' }) } });
  const response = await get('/v1/tenants/acme/devices');
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
});

describe('if no token is needed', () => {
  test.each([
    ['127.0.0.1', 200],
    ['127.0.0.1:8090', 200],
    ['localhost:8090', 200],
    ['[::1]:8090', 200],
    ['evil.test', 421],
    ['127.0.0.1.evil.test', 421],
    ['localhost.evil.test:8090', 421],
    ['evil.test:127.0.0.1', 421],
    ['', 421],
  ])('a request for the host %j is answered with %i', async (host, status) => {
    const { port } = await startApi({ open: true });
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET /v1/tenants/acme/devices/d HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    const answer = await text(socket);
    expect(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])).toBe(status);
    expect(answer.includes('"status":"unknown"')).toBe(status === 200);
  });
});

test('metrics need no token, and are rendered once for all requests that come meanwhile', async () => {
  const rendered = Promise.withResolvers<{ contentType: string; text: string }>();
  let renderings = 0;
  const { port } = await startApi({
    metrics: () => {
      renderings += 1;
      return rendered.promise;
    },
  });
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (piece: string) => (heard += piece));
  socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(10));
  await expect.poll(() => renderings).toBeGreaterThan(0);
  await settled();
  rendered.resolve({ contentType: 'text/plain', text: 'seen 1\n' });
  await expect.poll(() => heard.split('seen 1').length - 1).toBe(10);
  expect(renderings).toBe(1);
});
