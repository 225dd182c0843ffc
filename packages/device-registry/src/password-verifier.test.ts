import { createHash } from 'node:crypto';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import { deviceRef, type Timestamp } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { Credentials, PasswordSecret, PasswordVerdict } from '@rollcall/core/registry';
import { hashSync } from 'bcryptjs';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createPasswordVerifier,
  type ClosablePasswordVerifier,
  type PasswordVerifierOptions,
} from './password-verifier.ts';

const open: ClosablePasswordVerifier[] = [];

afterEach(async () => {
  for (const verifier of open.splice(0)) await verifier.close();
});

type Outcome = 'valid' | Exclude<PasswordVerdict, object>;

function givenAVerifier(facts: Partial<PasswordVerifierOptions> = {}) {
  const clock = new ManualClock();
  const verifier = createPasswordVerifier({ clock, random: seededRandom(1), log: silentLog, ...facts });
  open.push(verifier);
  const match = (credentials: Credentials<'hashed-password'>, password: string) =>
    verifier.verify(credentials, Buffer.from(password));
  const verify = async (...asked: Parameters<typeof match>): Promise<Outcome> => {
    const verdict = await match(...asked);
    return typeof verdict === 'object' ? 'valid' : verdict;
  };
  return { clock, match, verify };
}

const credentials = (...secrets: PasswordSecret[]): Credentials<'hashed-password'> => ({
  device: deviceRef('acme', 'd1'),
  type: 'hashed-password',
  authId: 'sensor1',
  enabled: true,
  secrets,
});

const salt = Buffer.from('pepper');
const sha = (
  algorithm: 'sha-256' | 'sha-512',
  password: string,
  facts: Partial<PasswordSecret> = {},
): PasswordSecret => ({
  hashFunction: algorithm,
  salt: salt.toString('base64'),
  pwdHash: createHash(algorithm.replace('-', '')).update(salt).update(password).digest('base64'),
  ...facts,
});
const bcrypt = (password: string, cost = 4): PasswordSecret => ({
  hashFunction: 'bcrypt',
  pwdHash: hashSync(password, cost),
});

describe('a password', () => {
  test.each([
    ['sha-256', sha('sha-256', 'hono-secret')],
    ['sha-512', sha('sha-512', 'hono-secret')],
    ['bcrypt', bcrypt('hono-secret')],
    [
      'sha-256 without salt',
      { hashFunction: 'sha-256', pwdHash: createHash('sha256').update('hono-secret').digest('base64') },
    ],
  ] as const)('is verified with %s', async (_name, secret) => {
    const { verify } = givenAVerifier();
    expect(await verify(credentials(secret), 'hono-secret')).toBe('valid');
    expect(await verify(credentials(secret), 'Hono-secret')).toBe('invalid');
    expect(await verify(credentials(secret), '')).toBe('invalid');
  });

  test('with characters beyond ASCII is compared as UTF-8', async () => {
    const { verify } = givenAVerifier();
    for (const secret of [sha('sha-256', 'sécrèt€'), bcrypt('sécrèt€')])
      expect(await verify(credentials(secret), 'sécrèt€')).toBe('valid');
  });

  test('is valid if it matches any of several secrets', async () => {
    const { verify } = givenAVerifier();
    const both = credentials(sha('sha-256', 'old'), bcrypt('new'));
    expect(await verify(both, 'old')).toBe('valid');
    expect(await verify(both, 'new')).toBe('valid');
    expect(await verify(both, 'none')).toBe('invalid');
  });

  test('is answered with the secret that it matches, remembered or not', async () => {
    const { match } = givenAVerifier();
    const [old, now] = [sha('sha-256', 'old', { id: '1' }), bcrypt('new')];
    for (const _again of [1, 2]) {
      expect(await match(credentials(old, now), 'old')).toEqual({ matched: old });
      expect(await match(credentials(old, now), 'new')).toEqual({ matched: now });
    }
  });

  test('is invalid outside the validity of its secret, and with disabled credentials', async () => {
    const { verify, clock } = givenAVerifier();
    const notBefore = (clock.now() + 1_000) as Timestamp;
    const notAfter = (clock.now() + 2_000) as Timestamp;
    const dated = credentials(sha('sha-256', 'p', { notBefore, notAfter }));
    expect(await verify(dated, 'p')).toBe('invalid');
    clock.advance(1_500);
    expect(await verify(dated, 'p')).toBe('valid');
    clock.advance(500);
    expect(await verify(dated, 'p'), 'remembered, but no longer valid').toBe('invalid');
    expect(await verify({ ...credentials(sha('sha-256', 'p')), enabled: false }, 'p')).toBe('invalid');
  });

  test('that is too long is invalid, and is not hashed', async () => {
    const { verify } = givenAVerifier();
    const long = 'x'.repeat(1_025);
    expect(await verify(credentials(sha('sha-256', long)), long)).toBe('invalid');
  });
});

describe('a stored hash', () => {
  test.each([
    ['malformed', '$2b$10$short'],
    ['too expensive', `$2b$31$${'a'.repeat(53)}`],
    ['of another kind', 'plain'],
  ])('that is %s matches no password, and is logged once', async (_what, pwdHash) => {
    const warnings: string[] = [];
    const { verify } = givenAVerifier({
      log: { ...silentLog, warn: (_facts, message) => void warnings.push(message) },
    });
    const secret: PasswordSecret = { hashFunction: 'bcrypt', pwdHash };
    expect(await verify(credentials(secret), 'p')).toBe('invalid');
    expect(await verify(credentials(secret), 'p')).toBe('invalid');
    expect(warnings).toHaveLength(1);
  });

  test('that is of no use is remembered until there are thousands', async () => {
    let warnings = 0;
    const { verify } = givenAVerifier({ log: { ...silentLog, warn: () => void (warnings += 1) } });
    const tryHash = (index: number): Promise<unknown> =>
      verify(credentials({ hashFunction: 'bcrypt', pwdHash: `of no use ${index}` }), 'p');
    for (let index = 0; index < 2_500; index++) await tryHash(index);
    await tryHash(2_499);
    expect(warnings).toBe(2_500);
    await tryHash(0);
    expect(warnings).toBe(2_501);
  });
});

describe('many logins at once', () => {
  test('a password that was verified before costs no slow hash', async () => {
    const { verify } = givenAVerifier({ maxWaiting: 1 });
    const slow = credentials(bcrypt('p', 6));
    expect(await verify(slow, 'p')).toBe('valid');
    const again = await Promise.all(Array.from({ length: 1_000 }, () => verify(slow, 'p')));
    expect(new Set(again)).toEqual(new Set(['valid']));
  });

  test('equal logins at the same time share one slow hash', async () => {
    const { verify } = givenAVerifier({ maxWaiting: 1 });
    const slow = credentials(bcrypt('p', 6));
    const all = await Promise.all(Array.from({ length: 1_000 }, () => verify(slow, 'p')));
    expect(new Set(all)).toEqual(new Set(['valid']));
  });

  test('a password that was verified is compared again when its secret changed', async () => {
    const { verify } = givenAVerifier();
    expect(await verify(credentials(bcrypt('old')), 'old')).toBe('valid');
    expect(await verify(credentials(bcrypt('new')), 'old')).toBe('invalid');
  });

  test('slow hashes beyond the maximum are busy, and the event loop stays free', async () => {
    const { verify } = givenAVerifier({ maxWaiting: 3 });
    const verdicts = Array.from({ length: 10 }, (_, index) =>
      verify(credentials(bcrypt(`p${index}`, 8)), `p${index}`),
    );
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const results = await Promise.all(verdicts);
    clearInterval(counting);
    expect(results.filter((verdict) => verdict === 'valid').length).toBeLessThanOrEqual(4);
    expect(results.filter((verdict) => verdict === 'busy').length).toBeGreaterThanOrEqual(6);
    expect(turns, 'hashing happens elsewhere').toBeGreaterThan(0);
  });
});

describe('slow hashes of several owners', () => {
  /** The names in the order in which their results came. */
  async function order(
    maxWaiting: number,
    asked: readonly (readonly [name: string, owner: string, isSuspect?: boolean])[],
  ): Promise<{ readonly valid: readonly string[]; readonly busy: readonly string[] }> {
    givenAVerifier({ maxWaiting });
    const verifier = open.at(-1);
    const valid: string[] = [];
    const busy: string[] = [];
    await Promise.all(
      asked.map(async ([name, owner, isSuspect = false]) => {
        const turn = { owner, isSuspect };
        const verdict = await verifier?.verify(credentials(bcrypt(name)), Buffer.from(name), turn);
        (verdict === 'busy' ? busy : valid).push(name);
      }),
    );
    return { valid, busy };
  }

  test('are computed in turn: an owner with many does not delay another', async () => {
    const { valid } = await order(10, [
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['a4', 'a'],
      ['b1', 'b'],
    ]);
    expect(valid).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  });

  test('get every other turn, and no more, while their owners are suspect', async () => {
    const { valid } = await order(10, [
      ['s1', 'a', true],
      ['s2', 'a', true],
      ['s3', 'a', true],
      ['a1', 'a'],
      ['a2', 'a'],
    ]);
    expect(valid).toEqual(['s1', 'a1', 's2', 'a2', 's3']);
  });

  test('beyond the maximum are dropped from the owner with most of them, suspect owners first', async () => {
    const few = await order(3, [
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['a4', 'a'],
      ['b1', 'b'],
      ['c1', 'c'],
    ]);
    expect(few.busy).toEqual(['a4', 'a3']);
    const suspect = await order(2, [
      ['a1', 'a'],
      ['s1', 'b', true],
      ['a2', 'a'],
      ['a3', 'a'],
    ]);
    expect(suspect.busy).toEqual(['s1']);
  });

  test('are counted by load(): how long one takes, and how many other owners have some', async () => {
    givenAVerifier();
    const [verifier] = open;
    if (!verifier?.load) throw new Error('the verifier has no load()');
    const turn = { owner: 'a', isSuspect: false };
    expect(verifier.load('a')).toEqual({ slowMs: 0, others: 0 });
    const running = ['1', '2', '3'].map((name) =>
      verifier.verify(credentials(bcrypt(name)), Buffer.from(name), turn),
    );
    expect(verifier.load('a').others).toBe(0);
    expect(verifier.load('b').others).toBe(1);
    await Promise.all(running);
  });
});

test('after close, slow hashes are busy', async () => {
  const { verify } = givenAVerifier();
  await open.at(-1)?.close();
  expect(await verify(credentials(bcrypt('p')), 'p')).toBe('busy');
});
