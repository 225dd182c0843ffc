import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Timestamp } from '@rollcall/core';

/** Key and certificate chain as PEM. */
export interface PemPair {
  readonly key: string;
  readonly cert: string;
}

interface CheckedPair {
  /** When the first certificate ceases to be valid. */
  readonly expiresAt: Timestamp;
}

/**
 * Whether a key and a certificate chain can be served.
 *
 * @throws Error that says why not.
 */
export function checkPair({ key, cert }: PemPair): CheckedPair {
  const [first] = certificatesIn(cert);
  if (!first?.checkPrivateKey(privateKeyIn(key)))
    throw new Error('the key is not that of the first certificate');
  // All that TLS finds wrong with them.
  createSecureContext({ key, cert });
  return { expiresAt: Date.parse(first.validTo) as Timestamp };
}

/**
 * The same of a pair that is to take the place of one that is served: it must be valid now.
 *
 * @throws Error that says why it cannot.
 */
export function checkNewPair(pair: PemPair, now: Timestamp): CheckedPair {
  const checked = checkPair(pair);
  const [first] = certificatesIn(pair.cert);
  if (checked.expiresAt <= now) throw new Error(`the certificate has expired: ${first?.validTo}`);
  if (first && Date.parse(first.validFrom) > now)
    throw new Error(`the certificate is not valid before ${first.validFrom}`);
  return checked;
}

/** All certificates of a PEM file. @throws Error where there is none, or one is cut off or broken. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (pem.split('-----BEGIN CERTIFICATE-----').length - 1 !== blocks.length)
    throw new Error('a certificate is cut off');
  if (blocks.length === 0) throw new Error('there is no certificate in the file, or it is not PEM');
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new Error('a certificate cannot be read');
    }
  });
}

/** @throws Error that says why there is none that can be read. */
export function privateKeyIn(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(whyNoKey(pem));
  }
}

function whyNoKey(pem: string): string {
  // RFC 7468 §11, and what OpenSSL wrote before it.
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    return 'the key has a passphrase, and there is no option for one: use a file without it';
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return 'there is no private key in the file, or it is not PEM';
  return 'the key cannot be read';
}
