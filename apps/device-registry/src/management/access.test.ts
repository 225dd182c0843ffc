import { ManualClock } from '@rollcall/conformance';
import { silentLog, systemRandom } from '@rollcall/core/environment';
import { createPasswordVerifier, hashPassword } from '@rollcall/device-registry';
import type { ClaimNames, Grant, Scope } from '@rollcall/http-service/grants';
import { createTokenCheck } from '@rollcall/http-service/tokens';
import { describe, expect, onTestFinished, test } from 'vitest';
import { givenApi } from '../testing/given-api.ts';
import { createApiAccess } from './access/api-access.ts';
import { readUserList } from './access/user-list.ts';

const names: ClaimNames = {
  tenants: 'tenants',
  scope: 'scope',
  readScope: 'registry:read',
  adminScope: 'registry:admin',
};
const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

async function givenUsers(open = false) {
  const users = readUserList(
    JSON.stringify({
      users: [
        { name: 'admin', ...(await hashPassword('säcret:x')), tenants: '*', scope: 'registry:admin' },
        { name: 'reader', ...(await hashPassword('slow', 4)), tenants: ['acme'], scope: 'registry:read' },
      ],
    }),
    names,
  );
  const clock = new ManualClock();
  const verifier = createPasswordVerifier({ clock, random: systemRandom, log: silentLog });
  onTestFinished(() => verifier.close());
  const grant: Grant = { tenants: '*', scopes: new Set<Scope>(['read']) };
  const tokens = createTokenCheck({
    ...{ clock, names, open, audience: 'x', issuer: undefined },
    keys: () => undefined,
    tokens: () => ({ size: 1, grantOf: (token) => (token === 'token' ? grant : undefined) }),
    keysFailed: (error) => expect.fail(String(error)),
  });
  const access = createApiAccess({ clock, tokens, open, users: () => users, verifier });
  return { ...(await givenApi({ access, open })), accessClock: clock };
}

describe('authentication', () => {
  test.each<[string, Record<string, string>]>([
    ['nobody', {}],
    ['an unknown user', basic('other', 'säcret:x')],
    ['a wrong password', basic('admin', 'wrong')],
    ['the password of another', basic('reader', 'säcret:x')],
    ['an empty password', basic('admin', '')],
    ['no Base64', { authorization: 'Basic ?' }],
    ['no colon', { authorization: `Basic ${Buffer.from('admin').toString('base64')}` }],
    ['a very long one', basic('admin', 'x'.repeat(3_000))],
    ['an unknown token', { authorization: 'Bearer other' }],
    ['another scheme', { authorization: 'Digest x' }],
  ])('%s is refused before anything else is checked', async (_what, headers) => {
    const { ask } = await givenUsers();
    for (const path of ['/v1/tenants/acme', '/v1/tenants/%20', '/v1/devices/a/b']) {
      const { status, json, headers: sent } = await ask('PUT', path, '{', headers);
      expect([path, status, json]).toEqual([path, 401, { error: expect.any(String) }]);
      expect(sent['www-authenticate']).toContain('Basic realm="Hono"');
    }
  });

  test('users and tokens may do what their scope allows', async () => {
    const { ask } = await givenUsers();
    expect((await ask('POST', '/v1/tenants/acme', {}, basic('admin', 'säcret:x'))).status).toBe(201);
    expect((await ask('POST', '/v1/tenants/other', {}, basic('admin', 'säcret:x'))).status).toBe(201);
    const reader = basic('reader', 'slow');
    expect((await ask('GET', '/v1/tenants/acme', undefined, reader)).status).toBe(200);
    const refused = [
      await ask('GET', '/v1/tenants/other', undefined, reader),
      await ask('GET', '/v1/tenants/nobody', undefined, reader),
      await ask('GET', '/v1/tenants', undefined, reader),
      await ask('PUT', '/v1/tenants/acme', {}, reader),
      await ask('DELETE', '/v1/devices/acme', undefined, reader),
      await ask('POST', '/v1/devices/acme', undefined, { authorization: 'Bearer token' }),
    ];
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403));
    expect(
      (await ask('GET', '/v1/tenants', undefined, { authorization: 'bearer token' })).json,
    ).toMatchObject({ total: 2 });
  });

  test('a client with too many failures must wait, and its password is not checked meanwhile', async () => {
    const { ask, accessClock } = await givenUsers();
    const right = basic('reader', 'slow');
    const statuses: number[] = [];
    for (let tries = 0; tries < 12; tries += 1)
      statuses.push((await ask('GET', '/v1/tenants/acme', undefined, basic('reader', 'guess'))).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    const { status, headers } = await ask('GET', '/v1/tenants/acme', undefined, right);
    expect([status, headers['retry-after']]).toEqual([429, '10']);
    expect((await ask('POST', '/v1/tenants/acme', {}, basic('admin', 'säcret:x'))).status).toBe(201);
    accessClock.advance(10_000);
    expect((await ask('GET', '/v1/tenants/acme', undefined, right)).status).toBe(200);
  });

  test('of many tries at once with other passwords no more are compared than of tries one by one', async () => {
    const { ask, accessClock } = await givenUsers();
    const guessed = async (round: string): Promise<number[]> => {
      const tries = Array.from({ length: 40 }, (_, index) => basic('reader', `guess ${round} ${index}`));
      const answers = await Promise.all(tries.map((each) => ask('GET', '/v1/tenants/acme', undefined, each)));
      return answers.map(({ status }) => status).filter((status) => status !== 429);
    };
    expect(await guessed('a')).toEqual(Array.from({ length: 10 }, () => 401));
    accessClock.advance(10_000);
    expect(await guessed('b')).toEqual([401]);
  });

  test('many requests of one user at once are one try, right or wrong', async () => {
    const { ask } = await givenUsers();
    const statuses = async (password: string, count: number): Promise<number[]> => {
      const headers = basic('reader', password);
      const answers = await Promise.all(
        Array.from({ length: count }, () => ask('GET', '/v1/tenants/acme', undefined, headers)),
      );
      return [...new Set(answers.map(({ status }) => status))];
    };
    for (let round = 0; round < 9; round += 1) expect(await statuses(`guess ${round}`, 20)).toEqual([401]);
    // One try is left, and a right one does not use it up.
    expect(await statuses('slow', 40)).toEqual([404]);
    expect(await statuses('slow', 40)).toEqual([404]);
    expect(await statuses('guess', 20)).toEqual([401]);
    expect(await statuses('slow', 1)).toEqual([429]);
  });

  test('probes need no login', async () => {
    const { ask } = await givenUsers();
    for (const path of ['/started', '/readiness', '/liveness', '/metrics', '/openapi.json'])
      expect([path, (await ask('GET', path)).status]).toEqual([path, 200]);
  });
});

describe('if no login is needed', () => {
  test('clients on this machine may do everything', async () => {
    const { ask } = await givenUsers(true);
    expect((await ask('POST', '/v1/tenants/acme', {}, { host: '127.0.0.1:28080' })).status).toBe(201);
    expect((await ask('GET', '/v1/tenants/acme', undefined, basic('any', 'thing'))).status).toBe(200);
  });

  test('pages of other sites are refused', async () => {
    const { ask } = await givenUsers(true);
    expect((await ask('POST', '/v1/tenants/acme', {}, { host: 'evil.example' })).status).toBe(421);
    const origin = 'https://evil.example';
    expect((await ask('POST', '/v1/tenants', undefined, { origin })).status).toBe(403);
    expect((await ask('GET', '/v1/tenants')).status).toBe(404);
  });
});

describe('pages of other origins', () => {
  const preflight = { origin: 'https://console.example', 'access-control-request-method': 'PUT' };
  const instance = 'GET, HEAD, POST, PUT, DELETE';

  test.each([
    ['/v1/tenants', 'GET, HEAD, POST'],
    ['/v1/tenants/acme', instance],
    ['/v1/devices/acme', 'GET, HEAD, POST, DELETE'],
    ['/v1/devices/acme/d', instance],
    ['/v1/credentials/acme/d', 'GET, HEAD, PUT'],
  ])('get the allowed methods of %s without a login', async (path, methods) => {
    const refusing = { check: async () => ({ status: 'refused', why: 'x' }) as const };
    const { ask } = await givenApi({ allowedOrigin: '*', access: refusing });
    const { status, headers } = await ask('OPTIONS', path, undefined, preflight);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'authorization, content-type, if-match',
    });
    const { headers: ofRequest, status: refused } = await ask('GET', path, undefined, preflight);
    expect([refused, ofRequest['access-control-allow-origin']]).toEqual([401, '*']);
    expect(String(ofRequest['access-control-expose-headers'])).toContain('ETag');
  });

  test('get no permission if their origin is not allowed', async () => {
    const { ask } = await givenApi({ allowedOrigin: /^https:\/\/mine$/ });
    const { headers, status } = await ask('OPTIONS', '/v1/tenants', undefined, preflight);
    expect([status, headers['access-control-allow-origin'], headers['vary']]).toEqual([
      405,
      undefined,
      'origin',
    ]);
  });
});

test.each<[string, object | string]>([
  ['no JSON', 'x'],
  ['no list', {}],
  ['no name', { users: [{}] }],
  [
    'a name with a colon',
    {
      users: [
        { name: 'a:b', 'hash-function': 'sha-256', 'pwd-hash': 'x', tenants: '*', scope: 'registry:read' },
      ],
    },
  ],
  ['no hash', { users: [{ name: 'a', tenants: '*', scope: 'registry:read' }] }],
  [
    'no tenants',
    { users: [{ name: 'a', 'hash-function': 'sha-256', 'pwd-hash': 'x', scope: 'registry:read' }] },
  ],
  [
    'no scope',
    { users: [{ name: 'a', 'hash-function': 'sha-256', 'pwd-hash': 'x', tenants: '*', scope: 'other' }] },
  ],
])('a file of users with %s is refused', (_what, content) => {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  expect(() => readUserList(text, names)).toThrow(/^(?:is not JSON|has no list of users|user 1 has no )/);
});
