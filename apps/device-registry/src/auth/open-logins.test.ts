import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, recordingLog, seededRandom } from '@rollcall/conformance';
import { ConfigError } from '@rollcall/core';
import type { FollowedSet } from '@rollcall/file-follower';
import { readOptions } from '@rollcall/options';
import { ResourceStack } from '@rollcall/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { authOptions } from './auth-options.ts';
import { openLogins } from './open-logins.ts';

const roles = { adapter: [{ operation: 'tenant/*:*', activities: ['EXECUTE'] }] };
const file = (authorities: readonly string[], name = 'adapter'): string =>
  JSON.stringify({ roles, users: { [name]: { mechanism: 'PLAIN', password: 'secret', authorities } } });

function given(env: Readonly<Record<string, string>>, text = file(['adapter'])) {
  const directory = mkdtempSync(join(tmpdir(), 'logins-'));
  const path = join(directory, 'file');
  writeFileSync(path, text);
  const followed: FollowedSet[] = [];
  const resources = new ResourceStack();
  onTestFinished(async () => {
    await resources.disposeAsync();
    rmSync(directory, { recursive: true });
  });
  const { values } = readOptions(
    authOptions,
    Object.fromEntries(
      Object.entries(env).map(([name, value]) => [`ROLLCALL_${name}`, value.replace('FILE', path)]),
    ),
  );
  const parts = {
    values,
    files: { follow: (set: FollowedSet) => void followed.push(set) },
    clock: new ManualClock(),
    random: seededRandom(1),
    log: recordingLog(),
    failed: () => {},
  };
  return { path, followed, open: () => openLogins(parts, resources) };
}

const login = { authorizationId: '', username: 'adapter', password: Buffer.from('secret') };
const tenant = { endpoint: 'tenant', tenant: 'acme' };

test('a replaced file takes effect at once, even for clients that are logged in', async () => {
  const { open, followed } = given({ AUTH_SVC_PERMISSIONSPATH: 'FILE' });
  const outcome = await open().logIn(login, '192.0.2.1');
  if (outcome.status !== 'accepted') throw new Error(outcome.status);
  const { rights } = outcome.identity;
  const [set] = followed;
  expect(rights.mayInvoke(tenant, 'get')).toBe(true);
  expect(set?.use([file([])])).toEqual({ changed: true });
  expect(rights.mayInvoke(tenant, 'get')).toBe(false);
  set?.use([file(['adapter'])]);
  expect(rights.mayInvoke(tenant, 'get')).toBe(true);
  set?.use([file(['adapter'], 'another')]);
  expect(rights.mayInvoke(tenant, 'get')).toBe(false);
});

test('a file that becomes invalid changes nothing', async () => {
  const { open, followed } = given({ AUTH_SVC_PERMISSIONSPATH: 'FILE' });
  const logins = open();
  expect(() => followed[0]?.use(['{'])).toThrow('it is not JSON');
  expect(await logins.logIn(login, '192.0.2.1')).toMatchObject({ status: 'accepted' });
});

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  [
    'permissions that are none',
    { AUTH_SVC_PERMISSIONSPATH: 'FILE' },
    /^ROLLCALL_AUTH_SVC_PERMISSIONSPATH: .*: it is not JSON$/,
  ],
  [
    'permissions that are not there',
    { AUTH_SVC_PERMISSIONSPATH: 'FILE-x' },
    /^ROLLCALL_AUTH_SVC_PERMISSIONSPATH: /,
  ],
  [
    'a key that is none',
    { AUTH_HOST: 'auth.hono', AUTH_VALIDATION_CERTPATH: 'FILE' },
    /^ROLLCALL_AUTH_VALIDATION_CERTPATH: /,
  ],
  [
    'a secret that is too short',
    { AUTH_HOST: 'auth.hono', AUTH_VALIDATION_SHAREDSECRET: 'short' },
    /^ROLLCALL_AUTH_VALIDATION_SHAREDSECRET: must have 32 bytes or more$/,
  ],
])('%s is a problem of the configuration', (_what, env, problem) => {
  const { open } = given(env, 'no file that could be used');
  expect(open).toThrow(ConfigError);
  expect(open).toThrow(problem);
});
