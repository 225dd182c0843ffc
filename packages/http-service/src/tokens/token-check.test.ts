import crypto, { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTokenCheck, type TokenAnswer } from './token-check.ts';
import { remoteKeys } from './remote-keys.ts';
import { keysIn, type TokenKeys } from './token-keys.ts';
import { readTokenList, type TokenList } from './token-list.ts';

const names = {
  tenants: 'tenants',
  scope: 'scope',
  readScope: 'presence:read',
  adminScope: 'presence:admin',
};
const clock = new ManualClock('2026-11-28T12:00:00Z');
const nowSeconds = clock.now() / 1_000;
const issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

function given(keys: TokenKeys | undefined, tokens?: TokenList) {
  const failures: unknown[] = [];
  const check = createTokenCheck({
    clock,
    names,
    open: false,
    audience: 'rollcall-presence',
    issuer: 'https://issuer.example',
    keys: () => keys,
    tokens: () => tokens,
    keysFailed: (error) => void failures.push(error),
  });
  return { failures, check: (bearer: string) => check.check(`Bearer ${bearer}`) };
}

const good = { tenants: ['acme'], scope: 'presence:read' };

function token(
  claims: Readonly<Record<string, unknown>> = good,
  {
    key = issuer.privateKey,
    alg = 'ES256',
    expiresIn = 60,
    audience = 'rollcall-presence',
    from = 'https://issuer.example',
  } = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg })
    .setAudience(audience)
    .setIssuer(from)
    .setExpirationTime(nowSeconds + expiresIn)
    .sign(key);
}

const atOnce = { clock, failed: () => {} };
const inFile = keysIn(pem(issuer.publicKey));
const refused: TokenAnswer = { status: 'refused', why: expect.any(String) as string };

describe('a JSON Web Token', () => {
  test('of the issuer grants the tenants and scopes of its claims', async () => {
    const { check } = given(inFile);
    expect(await check(await token())).toEqual({
      status: 'granted',
      grant: {
        tenants: new Set(['acme']),
        scopes: new Set(['read']),
        expiresAt: (nowSeconds + 60) * 1_000,
      },
    });
    const everything = { tenants: '*', scope: ['presence:admin', 'presence:read', 'other'] };
    expect(await check(await token(everything))).toMatchObject({
      grant: { tenants: '*', scopes: new Set(['read', 'admin']) },
    });
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['none', {}],
    ['no texts', { tenants: [7, null, {}], scope: 7 }],
    ['an object', { tenants: { '*': true }, scope: { 'presence:read': true } }],
    ['a scope that only begins so', { tenants: [], scope: 'presence:reader xpresence:read' }],
    ['inherited names', { tenants: [], scope: '', toString: '*' }],
  ])('whose claims are %s grants nothing', async (_what, claims) => {
    const answer = await given(inFile).check(await token(claims));
    expect(answer).toMatchObject({ grant: { tenants: new Set(), scopes: new Set() } });
  });

  test('is accepted with a key set in a file, and with one at a URL, which is fetched once', async () => {
    const set = JSON.stringify({ keys: [{ ...(await exportJWK(issuer.publicKey)), alg: 'ES256' }] });
    expect(await given(keysIn(set)).check(await token())).toMatchObject({ status: 'granted' });
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end(set);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { check } = given(
      remoteKeys(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), atOnce),
    );
    expect(await check(await token())).toMatchObject({ status: 'granted' });
    expect(await check(await token())).toMatchObject({ status: 'granted' });
    expect(await check(await token(good, { key: other.privateKey }))).toEqual(refused);
    expect(asked).toBe(1);
  });

  test('cannot be checked while the keys of its issuer are unavailable', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const { check, failures } = given(remoteKeys(new URL(`http://127.0.0.1:${port}/`), atOnce));
    expect(await check(await token())).toEqual({ status: 'unavailable' });
    expect(failures).toHaveLength(1);
  });
});

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { ...good, aud: 'rollcall-presence', iss: 'https://issuer.example', exp: nowSeconds + 60 };

describe('a hostile token is refused:', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['that says it needs no signature', () => new UnsecuredJWT(claims).encode()],
    ['alg none, in capitals', () => `${segment({ alg: 'NONE' })}.${segment(claims)}.`],
    [
      'signed with the public key as a shared secret',
      () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256' })
          .sign(new TextEncoder().encode(pem(issuer.publicKey))),
    ],
    ['signed with the key of somebody else', () => token(good, { key: other.privateKey })],
    ['signed by another algorithm', () => token(good, { key: rsa.privateKey, alg: 'RS256' })],
    [
      'with its key in its own header',
      async () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(other.publicKey) })
          .sign(other.privateKey),
    ],
    [
      'with the URL of its keys in its own header',
      () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'ES256', jku: 'http://127.0.0.1:1/keys', kid: '../../etc/passwd' })
          .sign(other.privateKey),
    ],
    [
      'with a header that is critical and unknown',
      () => `${segment({ alg: 'ES256', crit: ['x'], x: 1 })}.${segment(claims)}.AA`,
    ],
    ['expired', () => token(good, { expiresIn: -6 })],
    ['for another audience', () => token(good, { audience: 'other' })],
    ['of another issuer', () => token(good, { from: 'https://evil.test' })],
    [
      'that never expires',
      () =>
        new SignJWT(good)
          .setProtectedHeader({ alg: 'ES256' })
          .setAudience('rollcall-presence')
          .setIssuer('https://issuer.example')
          .sign(issuer.privateKey),
    ],
    [
      'not valid yet',
      () =>
        new SignJWT({ ...claims, nbf: nowSeconds + 3_600 })
          .setProtectedHeader({ alg: 'ES256' })
          .sign(issuer.privateKey),
    ],
    [
      'with other claims behind the signature',
      async () => {
        const [head, , signature] = (await token()).split('.');
        return `${head}.${segment({ ...claims, tenants: '*' })}.${signature}`;
      },
    ],
    ['huge', () => token({ ...good, padding: 'x'.repeat(20_000) })],
    ['of dots', () => '.'.repeat(1_000)],
    ['of three parts of garbage', () => 'a.b.c'],
    ['whose header is null', () => `${Buffer.from('null').toString('base64url')}.e30.AA`],
    ['empty', () => ''],
    ['with line feeds', () => 'a\nb'],
  ])('%s', async (_what, make) => {
    const { check, failures } = given(inFile, readTokenList('{"tokens": []}', names));
    expect(await check(await make())).toEqual(refused);
    expect(failures).toEqual([]);
  });

  test.each([undefined, '', 'Basic dTpw', 'Bearer', 'bearer', 'Bearer a b'])(
    'as header %j',
    async (header) => {
      const check = createTokenCheck({
        clock,
        names,
        open: false,
        audience: 'a',
        issuer: undefined,
        keys: () => inFile,
        tokens: () => undefined,
        keysFailed: () => {},
      });
      expect(await check.check(header)).toEqual(refused);
    },
  );
});

describe('a key that cannot be trusted is not used:', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['a shared secret', () => JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })],
    ['a private key', () => issuer.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a short RSA key', () => pem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)],
    ['an odd curve', () => pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
    ['a key to agree on keys', () => pem(generateKeyPairSync('x25519').publicKey)],
    ['no set', () => '{"keys": 7}'],
    ['no JSON', () => '{'],
    ['a text', () => 'hello'],
  ])('%s', async (_what, make) => {
    const text = await make();
    expect(() => keysIn(text)).toThrow(Error);
  });
});

describe('a token of the file', () => {
  const secret = 'jG7xN0vXQk2V9T4sZr8Wb1Ld5HcYpEa3';
  const hash = createHash('sha256').update(secret).digest('hex');
  const list = (entry: object): TokenList => readTokenList(JSON.stringify({ tokens: [entry] }), names);

  test('is known by its hash', async () => {
    const { check } = given(undefined, list({ sha256: hash, tenants: ['acme'], scope: 'presence:admin' }));
    expect(await check(secret)).toEqual({
      status: 'granted',
      grant: { tenants: new Set(['acme']), scopes: new Set(['admin']) },
    });
    expect(await check(`${secret}x`)).toEqual(refused);
    // The hash is no token.
    expect(await check(hash)).toEqual(refused);
  });

  test('is found by its hash alone, so that a guess takes the same time with any number of tokens', async () => {
    const tokens = Array.from({ length: 10_000 }, (_, index) => ({
      sha256: createHash('sha256').update(`token-${index}`).digest('hex').toUpperCase(),
      tenants: [`tenant-${index}`],
      scope: 'presence:read',
    }));
    const known = readTokenList(JSON.stringify({ tokens }), names);
    const { timingSafeEqual } = crypto;
    let compared = 0;
    crypto.timingSafeEqual = (...buffers) => {
      compared += 1;
      return timingSafeEqual(...buffers);
    };
    syncBuiltinESMExports();
    onTestFinished(() => {
      crypto.timingSafeEqual = timingSafeEqual;
      syncBuiltinESMExports();
    });
    expect(known.grantOf('token-9999')?.tenants).toEqual(new Set(['tenant-9999']));
    expect(known.grantOf('guess')).toBeUndefined();
    expect(compared).toBe(0);
  });

  test.each<[string, string]>([
    ['no JSON', 'tokens'],
    ['no list', '{"tokens": {}}'],
    ['null', 'null'],
    ['a token in plain text', '{"tokens": [{"token": "x", "tenants": "*", "scope": "presence:read"}]}'],
    ['no tenants', `{"tokens": [{"sha256": "${hash}", "scope": "presence:read"}]}`],
    ['no scope', `{"tokens": [{"sha256": "${hash}", "tenants": "*", "scope": "read"}]}`],
  ])('%s makes no file of tokens', (_what, text) => {
    expect(() => readTokenList(text, names)).toThrow(Error);
  });
});
