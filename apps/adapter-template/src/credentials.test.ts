import { duplexPair } from 'node:stream';
import { createDeviceKey } from '@rollcall/conformance/certificates';
import { expect, test } from 'vitest';
import { presentedCredentials } from './credentials.ts';

const [socket] = duplexPair();

test('a device that says who it is presents what it says', () => {
  const said = { username: 'sensor1@acme', password: Buffer.from('secret') };
  expect(presentedCredentials(said, socket)).toBe(said);
});

test('a token that names its device stands where a password does, whatever the user name is', () => {
  const key = createDeviceKey();
  const token = key.sign({ aud: 'hono-adapter', tid: 'acme', sub: 'sensor1' });
  const said = (text: string) => ({ username: 'unused', password: Buffer.from(text) });
  expect(presentedCredentials(said(token), socket)).toEqual({ token, tenant: 'acme', authId: 'sensor1' });
  const nameless = said(key.sign({}));
  expect(presentedCredentials(nameless, socket)).toBe(nameless);
});

test('a device that says nothing, and has no TLS, presents nothing', () => {
  expect(presentedCredentials(undefined, socket)).toBeUndefined();
});
