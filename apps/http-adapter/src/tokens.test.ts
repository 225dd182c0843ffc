import { request } from 'node:http';
import {
  accessChangesOf,
  setFirstSecret,
  startForTest,
  type AdapterInTest,
} from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { createDeviceKey, tokenClaims } from '@rollcall/conformance/certificates';
import { scriptedDeviceKey } from '@rollcall/conformance/registry';
import { afterEach, expect, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

/** JSON Web Tokens in `Authorization: Bearer` (`docs/hono-compatibility.md` §13). */
const minute = 60_000;
const adapters: AdapterInTest[] = [];
afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly authorization?: string;
}

async function givenAnAdapter() {
  const adapter = await startForTest(createHttpAdapter(options));
  adapters.push(adapter);

  /** The status of the answer, and each header line of its challenge. */
  function ask({ method = 'POST', path = '/event', authorization }: Asked) {
    const { promise, resolve, reject } = Promise.withResolvers<{
      readonly status: number | undefined;
      readonly challenges: readonly string[];
    }>();
    const asked = request(
      {
        port: adapter.address.port,
        host: '127.0.0.1',
        agent: false,
        method,
        path,
        headers: { 'content-type': 'text/plain', ...(authorization !== undefined && { authorization }) },
      },
      (answer) => {
        const { statusCode: status, headersDistinct } = answer;
        answer
          .resume()
          .once('end', () => resolve({ status, challenges: headersDistinct['www-authenticate'] ?? [] }));
      },
    );
    asked.once('error', reject);
    asked.end('21.5');
    return promise;
  }

  const claims = tokenClaims(adapter.clock.now(), 'acme', 'thermostat-7');
  return {
    adapter,
    claims,
    ask,
    present: async (token: string, facts: Asked = {}) =>
      (await ask({ authorization: `Bearer ${token}`, ...facts })).status,
  };
}

test('a token for hono-adapter says who the device is, and uploads', async () => {
  const { adapter, claims, ask, present } = await givenAnAdapter();
  const token = scriptedDeviceKey.sign(claims);
  expect(await present(token)).toBe(202);
  expect((await ask({ authorization: `bearer  ${token}` })).status).toBe(202);
  expect(adapter.sender.messages).toMatchObject([
    { device: { tenant: 'acme', device: 'thermostat-7' } },
    { device: { device: 'thermostat-7' } },
  ]);
});

test('without an audience the path does, which names the device that it is for too', async () => {
  const { adapter, claims, present } = await givenAnAdapter();
  const { aud: _, ...others } = claims;
  const token = scriptedDeviceKey.sign(others);
  const put = (path: string, text = token) => present(text, { method: 'PUT', path });
  expect(await put('/telemetry/acme/thermostat-7')).toBe(202);
  expect(await put('/event/acme/thermostat-7/?hono-ttl=5')).toBe(202);
  expect(await put('/event//thermostat-7')).toBe(401);
  expect(await put('/event/umbrella/nobody')).toBe(401);
  expect(await present(token)).toBe(401);
  expect(adapter.sender.messages).toHaveLength(2);
  const gateway = scriptedDeviceKey.sign({ ...claims, sub: 'gw-1' });
  expect(await put('/event//valve-1', gateway)).toBe(202);
  expect(await put('/event//thermostat-7', gateway)).toBe(403);
});

test.each<[string, (claims: object) => string | undefined]>([
  ['no credentials', () => undefined],
  ['a token of another key', (claims) => `Bearer ${createDeviceKey().sign(claims)}`],
  ['no token', () => 'Bearer'],
  ['an empty token', () => 'Bearer '],
  ['a token and more', (claims) => `Bearer ${scriptedDeviceKey.sign(claims)} x`],
  ['a token in another scheme', (claims) => `JWT ${scriptedDeviceKey.sign(claims)}`],
  [
    'a token as Basic',
    (claims) => `Basic ${Buffer.from(`:${scriptedDeviceKey.sign(claims)}`).toString('base64')}`,
  ],
])(
  '%s is answered 401, with a challenge of each scheme in a header of its own',
  async (_what, authorizationOf) => {
    const { adapter, claims, ask } = await givenAnAdapter();
    const authorization = authorizationOf(claims);
    expect(await ask(authorization === undefined ? {} : { authorization })).toEqual({
      status: 401,
      challenges: ['Basic realm="Hono"', 'Bearer realm="Hono"'],
    });
    expect(adapter.sender.messages).toEqual([]);
    const [, said] = authorization?.split(/ +/) ?? [];
    if (said) expect(JSON.stringify(adapter.logged)).not.toContain(said);
  },
);

test('a token larger than a head may be is answered 431', async () => {
  const { ask, claims } = await givenAnAdapter();
  const large = scriptedDeviceKey.sign({ ...claims, x: 'x'.repeat(10_000) });
  expect((await ask({ authorization: `Bearer ${large}` })).status).toBe(431);
});

test('a lease outlives its token, and a request with a token that is over renews it no more', async () => {
  const { adapter, claims, present } = await givenAnAdapter();
  const iat = Number(claims['iat']);
  const token = scriptedDeviceKey.sign({ ...claims, iat: iat - 600, exp: iat - 300 });
  expect(await present(token)).toBe(202);
  await adapter.clock.advanceAsync(5 * minute - 1);
  expect(await present(token)).toBe(202);
  await adapter.clock.advanceAsync(1);
  expect(await present(token)).toBe(401);
  await adapter.clock.advanceAsync(10 * minute - 2);
  expect(adapter.sink.events.map(({ type }) => type)).toEqual(['connected']);
  await adapter.clock.advanceAsync(1);
  expect(adapter.sink.events).toMatchObject([{ type: 'connected' }, { reason: 'inactive' }]);
});

test.each(accessChangesOf('rpk'))('a lease when $what: $lease', async ({ happens, lease }) => {
  const { adapter, claims, present } = await givenAnAdapter();
  setFirstSecret(adapter.registry, 'rpk');
  expect(await present(scriptedDeviceKey.sign(claims))).toBe(202);
  happens(adapter.registry, 'rpk', adapter.clock.now());
  await settled();
  expect(adapter.sink.events.slice(1)).toMatchObject(lease === 'stays' ? [] : [{ reason: lease }]);
});
