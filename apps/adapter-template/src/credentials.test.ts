import { duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { presentedCredentials } from './credentials.ts';

const [socket] = duplexPair();

test('a device that says who it is presents what it says', () => {
  const said = { username: 'sensor1@acme', password: Buffer.from('secret') };
  expect(presentedCredentials(said, socket)).toBe(said);
});

test('a device that says nothing, and has no TLS, presents nothing', () => {
  expect(presentedCredentials(undefined, socket)).toBeUndefined();
});
