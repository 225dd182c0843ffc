import { createPublicKey, type KeyObject } from 'node:crypto';

/** A key that has verified something takes about 7 kB outside the heap. */
const maxKept = 2_000;

/**
 * Imports public keys, and keeps those that were used last: with a key that is kept a token is verified in half the CPU time, and HTTP
 * devices present one with each request.
 */
export class PublicKeys {
  readonly #max: number;
  /** In the order of use. */
  readonly #kept = new Map<string, KeyObject>();

  constructor(max = maxKept) {
    this.#max = max;
  }

  /** @param spki a SubjectPublicKeyInfo in DER. @throws where it is a key that OpenSSL cannot use. */
  of(spki: Uint8Array): KeyObject {
    const der = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength);
    const name = der.toString('latin1');
    const key = this.#kept.get(name) ?? createPublicKey({ key: der, format: 'der', type: 'spki' });
    this.#kept.delete(name);
    this.#kept.set(name, key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#max && oldest !== undefined) this.#kept.delete(oldest);
    return key;
  }
}

/** Those of all adapters of the process: the same bytes are the same key. */
export const publicKeys: PublicKeys = new PublicKeys();
