import { createDeviceKey } from '@rollcall/conformance/certificates';
import { expect, test } from 'vitest';
import { presentedCredentials } from './credentials.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function presented(username: string | undefined, password: string | undefined, clientId = 'unit-1') {
  const found = presentedCredentials(
    username,
    password === undefined ? undefined : Buffer.from(password),
    clientId,
  );
  return found && 'password' in found
    ? { ...found, password: Buffer.from(found.password).toString() }
    : found;
}

test.each([
  ['both', 'sensor1@T', 'secret', { username: 'sensor1@T', password: 'secret' }],
  ['all in the user name', base64('sensor1@T:sec:ret'), '', { username: 'sensor1@T', password: 'sec:ret' }],
  ['no user name', undefined, 'secret', undefined],
  ['no password', 'sensor1@T', undefined, undefined],
  ['an empty password', 'sensor1@T', '', undefined],
  ['an empty password in Base64', base64('sensor1@T:'), '', undefined],
])('the credentials of a CONNECT with %s are read', (_what, username, password, expected) => {
  expect(presented(username, password)).toEqual(expected);
});

const token = createDeviceKey().sign({ iat: 1 });

test.each([
  ['tenants/acme/devices/sensor-1', { tenant: 'acme', authId: 'sensor-1' }],
  ['projects/p/locations/l/registries/r/devices/d', { tenant: 'r', authId: 'd' }],
  ['acme/x/sensor-1', { tenant: 'acme', authId: 'sensor-1' }],
  ['acme//sensor-1', { tenant: 'acme', authId: 'sensor-1' }],
  ['tenants/acme/devices/sensor-1//', { tenant: 'acme', authId: 'sensor-1' }],
])('a token that names nobody is that of client id %s: %j', (clientId, named) => {
  for (const username of ['unused', '', undefined])
    expect(presented(username, token, clientId)).toEqual({ token, ...named });
});

test.each(['sensor-1', 'acme/sensor-1', '/x/sensor-1', 'a/b///', '///'])(
  'with the client id %s it is a password',
  (clientId) => {
    expect(presented('sensor1@T', token, clientId)).toEqual({ username: 'sensor1@T', password: token });
    expect(presented('', token, clientId)).toBeUndefined();
  },
);

test('a token for hono-adapter names its device itself, whatever user name and client id are', () => {
  const own = createDeviceKey().sign({ aud: 'hono-adapter', tid: 'acme', sub: 'sensor-1' });
  expect(presented('else@T', own, 'tenants/T/devices/else')).toEqual({
    token: own,
    tenant: 'acme',
    authId: 'sensor-1',
  });
});
