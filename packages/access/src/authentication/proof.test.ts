import type { Timestamp } from '@rollcall/core';
import type { PasswordSecret, PskSecret, PublicKeySecret, TrustAnchor } from '@rollcall/core/registry';
import { expect, test } from 'vitest';
import { anchorKeyOf, proofKey, secretKeyOf, type Proof } from './proof.ts';

const never = 0 as Timestamp;

test('a password is the same with the same id and hash, whatever else is said of it', () => {
  const secret: PasswordSecret = { id: '1', hashFunction: 'sha-256', pwdHash: 'AAAA', salt: 'AA==' };
  const keyOf = (more: Partial<PasswordSecret>): string =>
    secretKeyOf('hashed-password', { ...secret, ...more });
  expect(keyOf({ notAfter: never, notBefore: never })).toBe(keyOf({}));
  const others = [{ id: '2' }, { pwdHash: 'AAAB' }, { salt: 'AB==' }, { hashFunction: 'sha-512' as const }];
  expect(new Set([{}, ...others].map(keyOf)).size).toBe(5);
  const { id: _, ...nameless } = secret;
  expect(secretKeyOf('hashed-password', nameless)).not.toBe(keyOf({}));
});

test('a shared key is the same with the same id and bytes, and does not show', () => {
  const secret: PskSecret = { id: '1', key: Uint8Array.of(1, 2, 3) };
  const keyOf = (more: Partial<PskSecret>): string => secretKeyOf('psk', { ...secret, ...more });
  expect(keyOf({ key: Uint8Array.of(1, 2, 3), notAfter: never })).toBe(keyOf({}));
  expect(keyOf({ key: Uint8Array.of(1, 2, 4) })).not.toBe(keyOf({}));
  expect(keyOf({ id: '2' })).not.toBe(keyOf({}));
  expect(keyOf({})).not.toContain(Buffer.from(secret.key).toString('base64'));
});

test('a public key is the same with the same id and bytes, and is no shared key', () => {
  const secret: PublicKeySecret = { id: '1', key: Uint8Array.of(1, 2, 3) };
  const keyOf = (more: Partial<PublicKeySecret>): string => secretKeyOf('rpk', { ...secret, ...more });
  expect(keyOf({ key: Uint8Array.of(1, 2, 3), notAfter: never })).toBe(keyOf({}));
  expect(keyOf({ key: Uint8Array.of(1, 2, 4) })).not.toBe(keyOf({}));
  expect(keyOf({ id: '2' })).not.toBe(keyOf({}));
  expect(secretKeyOf('psk', secret)).not.toBe(keyOf({}));
});

test('two tokens of one key keep open what they opened for as long as each of them counts', () => {
  const proof: Proof = { type: 'rpk', authId: 'a', secretKey: 'k', token: { notAfter: never } };
  const later = { ...proof, token: { notAfter: 1 as Timestamp } };
  expect(proofKey(proof)).not.toBe(proofKey(later));
  expect(proofKey(proof)).toBe(proofKey({ ...proof, token: { notAfter: never } }));
});

test('what vouches for a certificate is the same with the same id', () => {
  expect(secretKeyOf('x509-cert', { notAfter: never })).toBe(secretKeyOf('x509-cert', {}));
  expect(secretKeyOf('x509-cert', { id: '1' })).not.toBe(secretKeyOf('x509-cert', {}));
});

test('a trust anchor is the same with the same name, key and template', () => {
  const anchor: TrustAnchor = { subjectDn: 'CN=ca', publicKey: Uint8Array.of(1) };
  const keyOf = (more: Partial<TrustAnchor>): string => anchorKeyOf({ ...anchor, ...more });
  expect(keyOf({ notAfter: never })).toBe(keyOf({}));
  const others = [
    { subjectDn: 'CN=cb' },
    { publicKey: Uint8Array.of(2) },
    { authIdTemplate: '{{subject-cn}}' },
  ];
  expect(new Set([{}, ...others].map(keyOf)).size).toBe(4);
});
