import { createDeviceKey } from '@rollcall/conformance/certificates';
import { expect, test } from 'vitest';
import { PublicKeys } from './public-keys.ts';

const a = createDeviceKey().publicKey;
const b = createDeviceKey().publicKey;
const c = createDeviceKey('RS256').publicKey;

test('a key is imported once, and is the key that its bytes say', () => {
  const keys = new PublicKeys();
  const key = keys.of(a);
  expect(keys.of(Uint8Array.from(a))).toBe(key);
  expect(key.export({ format: 'der', type: 'spki' })).toEqual(Buffer.from(a));
  expect(keys.of(b)).not.toBe(key);
});

test('the key that was used longest ago gives way', () => {
  const keys = new PublicKeys(2);
  const first = keys.of(a);
  const second = keys.of(b);
  expect(keys.of(a)).toBe(first);
  keys.of(c);
  expect(keys.of(a)).toBe(first);
  expect(keys.of(b)).not.toBe(second);
});

test('what is no key throws each time', () => {
  const keys = new PublicKeys();
  expect(() => keys.of(Uint8Array.of(1, 2, 3))).toThrow(Error);
  expect(() => keys.of(Uint8Array.of(1, 2, 3))).toThrow(Error);
});
