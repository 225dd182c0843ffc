import { hash, type X509Certificate } from 'node:crypto';
import { RecentMap } from '@rollcall/runtime';
import { publicKeys } from './public-keys.ts';

/** Twice as many at most, of about 100 bytes each. */
const maxInGeneration = 10_000;

/**
 * Verifies who signed a certificate, and remembers which signatures were good: to verify one costs more than all else of a login. Only
 * the signature is remembered, which stays good for ever: the same bytes, signed with the same key. Whether the certificate, its issuer
 * and the device count now is decided at each login (`docs/decisions/0090-a-signature-stays-good.md`).
 */
export class KnownSignatures {
  readonly #good: RecentMap<string, true>;

  constructor(perGeneration = maxInGeneration) {
    this.#good = new RecentMap(perGeneration);
  }

  /** @param issuerKey a SubjectPublicKeyInfo in DER. @throws where it is a key that OpenSSL cannot use. */
  isSignedBy(certificate: X509Certificate, issuerKey: Uint8Array): boolean {
    const name = nameOf(certificate, issuerKey);
    if (this.#good.get(name)) return true;
    const isGood = certificate.verify(publicKeys.of(issuerKey));
    if (isGood) this.#good.set(name, true);
    return isGood;
  }
}

/** Of all bytes that count: the whole certificate, and the key. The fingerprint is always as long, so no two pairs are written alike. */
function nameOf({ fingerprint256 }: X509Certificate, issuerKey: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(fingerprint256, 'latin1'), issuerKey]), 'binary');
}

/** Those of all adapters of the process. */
export const knownSignatures: KnownSignatures = new KnownSignatures();
