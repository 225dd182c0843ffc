import { expect, test } from 'vitest';
import { presentedCredentials } from './credentials.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test.each([
  ['both', 'sensor1@T', 'secret', { username: 'sensor1@T', password: 'secret' }],
  ['all in the user name', base64('sensor1@T:sec:ret'), '', { username: 'sensor1@T', password: 'sec:ret' }],
  ['no user name', undefined, 'secret', undefined],
  ['no password', 'sensor1@T', undefined, undefined],
  ['an empty password', 'sensor1@T', '', undefined],
  ['an empty password in Base64', base64('sensor1@T:'), '', undefined],
])('the credentials of a CONNECT with %s are read', (_what, username, password, expected) => {
  const presented = presentedCredentials(
    username,
    password === undefined ? undefined : Buffer.from(password),
  );
  expect(presented && { ...presented, password: Buffer.from(presented.password).toString() }).toEqual(
    expected,
  );
});
