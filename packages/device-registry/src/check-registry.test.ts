import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { PasswordSecret } from '@rollcall/core/registry';
import { afterEach, expect, test } from 'vitest';
import { checkRegistry } from './check-registry.ts';
import { hashPassword } from './hash-password.ts';
import { createPasswordVerifier } from './password-verifier.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function givenFiles(...contents: object[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-check-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const files = contents.map((_, index) => join(folder, `${index}.json`));
  for (const [index, file] of files.entries()) await writeFile(file, JSON.stringify(contents[index]));
  return files;
}

const devices = (count: number, facts: object = {}): object[] =>
  Array.from({ length: count }, (_, index) => ({
    'device-id': `d${index}`,
    ...(index === 0 && facts),
    credentials: [{ type: 'hashed-password', 'auth-id': `a${index}`, secrets: [{ 'pwd-plain': 'x' }] }],
  }));
const tenants = (list: object[]): object => ({ tenants: [{ 'tenant-id': 'acme', devices: list }] });

test('checkRegistry counts the entries of a file by kind', async () => {
  const [file = ''] = await givenFiles(tenants(devices(3)));
  expect(checkRegistry(file)).toEqual({
    status: 'valid',
    counts: { tenant: 1, device: 3, 'hashed-password': 3, psk: 0, 'x509-cert': 0, rpk: 0 },
    warnings: [expect.stringContaining('plain passwords')],
  });
});

test('checkRegistry lists all problems, not only the first ones', async () => {
  const [file = ''] = await givenFiles(tenants(Array.from({ length: 200 }, () => ({ 'device-id': '' }))));
  const check = checkRegistry(file);
  expect(check.status === 'invalid' && check.problems).toHaveLength(200);
  expect(checkRegistry('/nowhere/r.yaml')).toEqual({
    status: 'invalid',
    problems: ['/nowhere/r.yaml: cannot be read (ENOENT)'],
  });
});

test('checkRegistry reports what a reload would change, and what it would hold back', async () => {
  const [served = '', file = ''] = await givenFiles(
    tenants(devices(100)),
    tenants([...devices(70, { enabled: false }), { 'device-id': 'new' }]),
  );
  expect(checkRegistry(file, served)).toMatchObject({
    reload: {
      changes: {
        tenant: { added: 0, changed: 0, removed: 0 },
        device: { added: 1, changed: 1, removed: 30 },
        'hashed-password': { added: 0, changed: 0, removed: 30 },
      },
      held: { devices: 30, tenants: 0 },
    },
  });
});

test.each([
  ['SHA-512', undefined],
  ['bcrypt', 4],
])('a password hashed with %s is verified, and no other one', async (_what, cost) => {
  const { 'hash-function': hashFunction, 'pwd-hash': pwdHash, ...rest } = await hashPassword('sécret', cost);
  const secret: PasswordSecret = { hashFunction, pwdHash, ...rest };
  const passwords = createPasswordVerifier({
    clock: new ManualClock(),
    random: seededRandom(1),
    log: silentLog,
  });
  cleanUps.push(() => passwords.close());
  const credentials = {
    type: 'hashed-password',
    device: deviceRef('acme', 'd'),
    authId: 'a',
    enabled: true,
    secrets: [secret],
  } as const;
  expect(await passwords.verify(credentials, Buffer.from('sécret'))).toEqual({ matched: secret });
  expect(await passwords.verify(credentials, Buffer.from('secret'))).toBe('invalid');
});

test('hashPassword refuses passwords and costs that no adapter would verify', async () => {
  await expect(hashPassword('')).rejects.toThrow('empty');
  await expect(hashPassword('x'.repeat(1_025))).rejects.toThrow('longer than 1024 bytes');
  await expect(hashPassword('ä'.repeat(37), 4)).rejects.toThrow('longer than 72 bytes');
});
