import { createPublicKey, type KeyObject } from 'node:crypto';

/** Reads a SubjectPublicKeyInfo in DER; `undefined` if it is not one. */
export function readPublicKey(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
