import type { KeyObject } from 'node:crypto';
import { readPublicKey } from './read-public-key.ts';

/** Java's names of algorithms, by the types of keys in Node.js. */
const types: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  'rsa-pss': 'RSASSA-PSS',
  ec: 'EC',
  dsa: 'DSA',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
};

/** `undefined`: such keys are not supported. */
export function algorithmOf({ asymmetricKeyType }: Pick<KeyObject, 'asymmetricKeyType'>): string | undefined {
  return asymmetricKeyType === undefined ? undefined : types[asymmetricKeyType];
}

/** Of a SubjectPublicKeyInfo in DER, in Base64; `undefined`: it is not one, or not of a known kind. */
export function keyAlgorithm(encoded: string): string | undefined {
  const key = readPublicKey(Buffer.from(encoded, 'base64'));
  return key && algorithmOf(key);
}
