import type { KeyObject } from 'node:crypto';
import { keyAlgorithm } from '@rollcall/device-registry/internal';

/** Whether a SubjectPublicKeyInfo in DER, in Base64, has a key of this algorithm. */
export function isKeyOf(algorithm: string, encoded: string): boolean {
  const actual = keyAlgorithm(encoded);
  return actual !== undefined && isSame(actual, algorithm);
}

function isSame(actual: string, named: string): boolean {
  const isEdwards = actual.startsWith('Ed') && named.toLowerCase() === 'eddsa';
  return isEdwards || actual.toLowerCase() === named.toLowerCase();
}

/** A SubjectPublicKeyInfo in DER, in Base64. */
export function encodeKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}
