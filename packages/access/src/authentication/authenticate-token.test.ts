import { ManualClock, seededRandom } from '@rollcall/conformance';
import { createDeviceKey, tokenClaims, type TokenAlgorithm } from '@rollcall/conformance/certificates';
import { mutated } from '@rollcall/conformance/hostile';
import {
  scriptedDeviceKey as key,
  scriptedPasswords,
  ScriptedRegistry,
} from '@rollcall/conformance/registry';
import type { Timestamp } from '@rollcall/core';
import type { PublicKeySecret } from '@rollcall/core/registry';
import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuthenticationResult } from '../authentication-result.ts';
import { authenticate } from './authenticate.ts';

const hour = 3_600;
let clock = new ManualClock();
let registry = new ScriptedRegistry();

beforeEach(() => {
  clock = new ManualClock();
  registry = new ScriptedRegistry();
});

function logIn(
  token: string,
  name: { readonly tenant?: string; readonly authId?: string } = {},
): Promise<AuthenticationResult> {
  const context = { registry, passwords: scriptedPasswords(clock), clock, adapterType: 'hono-test' };
  return authenticate(
    { tenant: 'acme', authId: 'thermostat-7', ...name, token, remoteIp: '192.0.2.1' },
    context,
  );
}

async function outcome(token: string, name = {}): Promise<string> {
  const result = await logIn(token, name);
  if (result.status === 'accepted') return 'accepted';
  const { problem } = result as { readonly problem?: string };
  return problem ?? result.refusal.reason;
}

/** Seconds since 1970, where the clock of the test stands. */
const now = (): number => Math.floor(clock.now() / 1_000);
const claims = (more: object = {}): object => ({
  ...tokenClaims(clock.now(), 'acme', 'thermostat-7'),
  ...more,
});

test('who signed a token with its key is who its credentials say', async () => {
  expect(await logIn(key.sign(claims()))).toMatchObject({
    status: 'accepted',
    identity: { device: { tenant: 'acme', device: 'thermostat-7' }, authId: 'thermostat-7' },
  });
});

test.each<TokenAlgorithm>(['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])(
  'a token may be signed with %s',
  async (alg) => {
    const own = createDeviceKey(alg);
    registry.setSecrets('rpk', [{ key: own.publicKey }]);
    expect(await outcome(own.sign(claims()))).toBe('accepted');
  },
);

test('each key of a device counts while keys are changed, and none that is out of date', async () => {
  const next = createDeviceKey('RS256');
  const notAfter = clock.now();
  registry.setSecrets('rpk', [{ key: next.publicKey }, { key: key.publicKey }]);
  expect(await outcome(key.sign(claims()))).toBe('accepted');
  expect(await outcome(next.sign(claims()))).toBe('accepted');
  registry.setSecrets('rpk', [{ key: next.publicKey }, { key: key.publicKey, notAfter }]);
  expect(await outcome(key.sign(claims()))).toBe('wrong-secret');
});

describe('is refused:', () => {
  const header = (more: object): object => ({ alg: 'ES256', typ: 'JWT', ...more });
  const unsigned = (head: object): string => key.sign(claims(), head).split('.').slice(0, 2).join('.');
  const hmac = (secret: Uint8Array): string => {
    const text = unsigned(header({ alg: 'HS256' }));
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const pem = (): Buffer =>
    Buffer.from(
      `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.publicKey).toString('base64')}\n-----END PUBLIC KEY-----\n`,
    );

  test.each([
    ['a token of another key', () => createDeviceKey().sign(claims())],
    ['one that is not signed', () => `${unsigned(header({ alg: 'none' }))}.`],
    ['one that is not signed, and says so otherwise', () => `${unsigned(header({ alg: 'NonE' }))}.AA`],
    ['one that is not signed, and says that it is', () => `${unsigned(header({}))}.`],
    ['one that names no algorithm', () => key.sign(claims(), { typ: 'JWT' })],
    ['one that names one of JavaScript', () => key.sign(claims(), header({ alg: 'toString' }))],
    ['one that is signed with the public key as a password', () => hmac(key.publicKey)],
    ['one that is signed with the text of the public key', () => hmac(pem())],
    ['one that says it is signed on another curve', () => key.sign(claims(), header({ alg: 'ES384' }))],
    ['one that says it is signed with RSA', () => key.sign(claims(), header({ alg: 'RS256' }))],
    ['one of no type', () => key.sign(claims(), { alg: 'ES256' })],
    ['one of another type', () => key.sign(claims(), header({ typ: 'at+jwt' }))],
    ['one with what must be understood, and is not', () => key.sign(claims(), header({ crit: ['x'], x: 1 }))],
    ['one whose payload is not encoded', () => key.sign(claims(), header({ crit: ['b64'], b64: false }))],
    ['one whose header is no object', () => key.sign(claims(), [header({})])],
    ['one whose signature is in DER', () => `${unsigned(header({}))}.MEUCIQ`],
    ['one in another token', () => key.sign(key.sign(claims()), header({ cty: 'JWT' }))],
    ['one that is encrypted', () => `${key.sign(claims(), header({ enc: 'A128GCM' }))}.AA.AA`],
    ['one with more behind it', () => `${key.sign(claims())}AA`],
    ['nothing', () => ''],
  ])('%s', async (_what, token) => {
    expect(await outcome(token())).toBe('wrong-secret');
  });

  test.each([
    ['for ever', () => ({ exp: undefined })],
    ['since nobody knows when', () => ({ iat: undefined })],
    ['until a text', () => ({ exp: String(now() + hour) })],
    ['since a text', () => ({ iat: String(now()) })],
    ['until nothing', () => ({ exp: null })],
    ['until a list', () => ({ exp: [now() + hour] })],
    ['from a text on', () => ({ nbf: 'now' })],
    ['from in an hour on', () => ({ nbf: now() + hour })],
    ['from in ten thousand years on', () => ({ nbf: 1e15 })],
    ['since more than ten minutes from now', () => ({ iat: now() + 601 })],
    ['for less than nothing', () => ({ iat: now() + 10, exp: now() + 10 })],
    ['for more than a day and ten minutes', () => ({ exp: now() + 24 * hour + 601 })],
    ['until the end of numbers', () => ({ exp: 1e308 })],
  ])('a token that is valid %s', async (_what, more) => {
    expect(await outcome(key.sign(claims(more())))).toBe('wrong-secret');
  });

  test('one of a key that is too short, or on a curve that no algorithm has', async () => {
    const short = createDeviceKey('RS256', 1_024);
    registry.setSecrets('rpk', [{ key: short.publicKey }]);
    expect(await outcome(short.sign(claims()))).toBe('wrong-secret');
    const junk: PublicKeySecret = { key: Uint8Array.of(1, 2, 3) };
    registry.setSecrets('rpk', [junk]);
    expect(await outcome(key.sign(claims()))).toBe('wrong-secret');
    registry.setSecrets('rpk', []);
    expect(await outcome(key.sign(claims()))).toBe('wrong-secret');
  });

  test('one on P-256 that says ES256, where the key is on P-384', async () => {
    registry.setSecrets('rpk', [{ key: createDeviceKey('ES384').publicKey }]);
    expect(await outcome(key.sign(claims()))).toBe('wrong-secret');
  });

  test.each([
    ['an unknown tenant', { tenant: 'nowhere' }, 'unknown-tenant'],
    ['an unknown device', { authId: 'nobody' }, 'unknown-device'],
    ['no tenant', { tenant: '' }, 'credentials-malformed'],
    ['a tenant that cannot be shown', { tenant: 'acme\u0000' }, 'credentials-malformed'],
    ['an endless auth-id', { authId: 'x'.repeat(257) }, 'credentials-malformed'],
  ])('one of %s', async (_what, name, cause) => {
    expect(await outcome(key.sign(claims()), name)).toBe(cause);
  });
});

describe('time', () => {
  test('a clock that is off by ten minutes is no fault of the device', async () => {
    expect(await outcome(key.sign(claims({ iat: now() + 600, nbf: now() + 600 })))).toBe('accepted');
    expect(await outcome(key.sign(claims({ exp: now() - 599, iat: now() - hour })))).toBe('accepted');
    expect(await outcome(key.sign(claims({ exp: now() - 600, iat: now() - hour })))).toBe('secret-expired');
    expect(await outcome(key.sign(claims({ exp: now() + 24 * hour + 600 })))).toBe('accepted');
  });

  async function expiresInMs(token: string): Promise<number> {
    const result = await logIn(token);
    if (result.status !== 'accepted') throw new Error(result.refusal.reason);
    return (result.identity.expiresAt ?? Infinity) - clock.now();
  }

  test('access ends ten minutes after the token does, or with the key if that is earlier', async () => {
    const token = key.sign(claims());
    expect(await expiresInMs(token)).toBe((hour + 600) * 1_000);
    const notAfter = (clock.now() + 1_000) as Timestamp;
    registry.setSecrets('rpk', [{ key: key.publicKey, notAfter }]);
    expect(await expiresInMs(token)).toBe(1_000);
  });
});

test('1,000 tokens that are not quite the right one: none gets in', async () => {
  const random = seededRandom(20_261_128);
  const token = key.sign(claims());
  const bytesOf = (text: string): string =>
    text
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('hex'))
      .join('.');
  const outcomes = new Set<string>();
  for (let index = 0; index < 1_000; index++) {
    const changed = Buffer.from(mutated([Buffer.from(token)], random)).toString('latin1');
    // Nothing may have been changed but bits that stand for nothing.
    if (bytesOf(changed) === bytesOf(token)) continue;
    outcomes.add(await outcome(changed));
  }
  expect([...outcomes]).toEqual(['wrong-secret']);
});

test('a tenant may be called by its alias', async () => {
  registry.setTenant('acme', { alias: 'roadrunner' });
  const result = await logIn(key.sign(claims()), { tenant: 'roadrunner' });
  expect(result).toMatchObject({ identity: { device: { tenant: 'acme' } } });
});

test('what kid says means nothing', async () => {
  const header = { alg: 'ES256', typ: 'JWT', kid: '../../key', jku: 'http://192.0.2.1/', jwk: {} };
  expect(await outcome(key.sign(claims(), header))).toBe('accepted');
});

test('a disabled tenant, a disabled device and a registry that is away are told apart', async () => {
  registry.disable('acme', 'thermostat-7');
  expect(await outcome(key.sign(claims()))).toBe('device-not-registered');
  registry.disable('acme');
  expect(await outcome(key.sign(claims()))).toBe('tenant-disabled');
  registry.unavailable = true;
  expect(await outcome(key.sign(claims()))).toBe('unavailable');
});
