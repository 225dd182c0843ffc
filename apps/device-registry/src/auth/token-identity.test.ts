import { generateKeyPairSync } from 'node:crypto';
import { ManualClock } from '@rollcall/conformance';
import { keysIn, type TokenKeys } from '@rollcall/http-service/tokens';
import { exportJWK, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { tokenIdentity } from './token-identity.ts';
import { sharedSecretKeys } from './shared-secret-keys.ts';

const clock = new ManualClock('2026-06-01T00:00:00.000Z');
const issuer = 'https://hono.eclipse.org/auth-server';
const secret = 'a shared secret of thirty-two bytes';
const inSeconds = (seconds: number): number => Math.floor(clock.now() / 1_000) + seconds;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = (key: { readonly publicKey: (typeof ec)['publicKey'] }): string =>
  key.publicKey.export({ type: 'spki', format: 'pem' }).toString();

interface Facts {
  readonly alg?: string;
  readonly kid?: string;
  readonly key?: Parameters<SignJWT['sign']>[0];
  readonly claims?: Record<string, unknown>;
}

/** As Hono's auth server makes it. */
const token = ({ alg = 'HS256', kid, key = Buffer.from(secret), claims = {} }: Facts = {}) =>
  new SignJWT({
    iss: issuer,
    sub: 'mqtt-adapter@HONO',
    exp: inSeconds(600),
    'r:tenant': 'RW',
    'o:tenant/*:*': 'E',
    ...claims,
  })
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
    .sign(key);

function given(keys: TokenKeys = sharedSecretKeys(secret), audience?: string) {
  const failures: unknown[] = [];
  const identify = async (facts: Facts = {}) =>
    tokenIdentity(await token(facts), {
      clock,
      keys: () => keys,
      issuer,
      ...(audience !== undefined && { audience }),
      failed: (error) => failures.push(error),
    });
  return { identify, failures };
}

test('a token gives the subject, its rights, and when it expires', async () => {
  const outcome = await given().identify();
  if (outcome.status !== 'accepted') throw new Error(outcome.status);
  const { name, rights, expiresAt } = outcome.identity;
  expect(name).toBe('mqtt-adapter@HONO');
  expect(expiresAt).toBe(inSeconds(600) * 1_000);
  expect(rights.mayUse({ endpoint: 'tenant' }, 'WRITE')).toBe(true);
  expect(rights.mayInvoke({ endpoint: 'tenant', tenant: 'acme' }, 'get')).toBe(true);
  expect(rights.mayUse({ endpoint: 'registration', tenant: 'acme' }, 'WRITE')).toBe(false);
});

test('a token is verified with the key of a certificate, or with a key of a set', async () => {
  expect(await given(keysIn(pem(ec))).identify({ alg: 'ES256', key: ec.privateKey })).toMatchObject({
    status: 'accepted',
  });
  expect(await given(keysIn(pem(rsa))).identify({ alg: 'RS256', key: rsa.privateKey })).toMatchObject({
    status: 'accepted',
  });
  const set = JSON.stringify({ keys: [{ ...(await exportJWK(ec.publicKey)), kid: 'k-1' }] });
  expect(await given(keysIn(set)).identify({ alg: 'ES256', key: ec.privateKey, kid: 'k-1' })).toMatchObject({
    status: 'accepted',
  });
  expect(await given(keysIn(set)).identify({ alg: 'ES256', key: ec.privateKey, kid: 'k-2' })).toMatchObject({
    status: 'unavailable',
  });
});

test.each<[string, Facts]>([
  ['of another issuer', { claims: { iss: 'another' } }],
  ['that is over', { claims: { exp: inSeconds(-1) } }],
  ['that never ends', { claims: { exp: undefined } }],
  ['about nobody', { claims: { sub: undefined } }],
  ['that somebody else signed', { key: Buffer.from('another secret of thirty-two bytes!') }],
])('a token %s is refused, and the reason is logged', async (_what, facts) => {
  const { identify, failures } = given();
  expect(await identify(facts)).toEqual({ status: 'unavailable' });
  expect(failures).toHaveLength(1);
});

test('a token without the required audience is refused', async () => {
  const { identify } = given(undefined, 'hono-components');
  expect(await identify()).toEqual({ status: 'unavailable' });
  expect(await identify({ claims: { aud: 'hono-components' } })).toMatchObject({ status: 'accepted' });
});

test('the public key is not used as a shared secret, whatever the token’s header says', async () => {
  const { identify } = given(keysIn(pem(rsa)));
  expect(await identify({ alg: 'HS256', key: Buffer.from(pem(rsa)) })).toEqual({ status: 'unavailable' });
});

test('a short secret cannot be used', () => {
  expect(() => sharedSecretKeys('too short')).toThrow(/32 bytes/);
});
