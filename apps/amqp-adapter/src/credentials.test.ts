import { expect, test } from 'vitest';
import { readPlain } from './credentials.ts';

test.each([
  ['\0sensor1@acme\0sécret', 'sensor1@acme', 'sécret'],
  ['someone\0sensor1@acme\0x', 'sensor1@acme', 'x'],
  ['\0sensor1@acme\0', 'sensor1@acme', ''],
])('SASL PLAIN %j has a user name and a password', (text, username, password) => {
  const presented = readPlain(Buffer.from(text));
  expect(presented?.username).toBe(username);
  expect(Buffer.from(presented?.password ?? []).toString()).toBe(password);
});

test.each(['', 'x', '\0', '\0\0x', '\0x', 'a\0b\0c\0d'])('%j is no SASL PLAIN', (text) =>
  expect(readPlain(Buffer.from(text))).toBeUndefined(),
);

test('a user name that is not UTF-8, or no response at all, is refused', () => {
  expect(readPlain(Uint8Array.of(0, 0xff, 0, 1))).toBeUndefined();
  expect(readPlain(undefined)).toBeUndefined();
});
