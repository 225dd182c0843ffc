import type { Timestamp } from '@rollcall/core';
import { isValidAt, type TrustAnchor, type Validity } from '@rollcall/core/registry';
import { knownSignatures } from './known-signatures.ts';
import type { PresentedCertificate } from './presented-certificate.ts';

/** Extended key usages that make a certificate one of a TLS client (RFC 5280 §4.2.1.12). */
const clientUsages: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']);
/**
 * Extensions that are minded here, or that say nothing against a device: basic constraints, key usage, alternative names,
 * certificate policies and extended key usage (RFC 5280 §4.2).
 */
const understood: ReadonlySet<string> = new Set([
  '2.5.29.19',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.32',
  '2.5.29.37',
]);
/** Signatures over MD2, MD4, MD5 or SHA-1: the holder of one certificate could make another of it. */
const forgeable: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.3',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.2.840.10040.4.3',
]);

/**
 * The trust anchor that issued the certificate, by name and signature; `undefined` where none did, or where the certificate
 * is not valid now, or not for a client.
 *
 * The issuer itself must be an anchor, as in Hono: intermediate authorities are trusted by naming them (`docs/decisions/0013-authentication.md`).
 */
export function verifyCertificate(
  { x509, parts, issuerDn }: PresentedCertificate,
  anchors: readonly TrustAnchor[],
  now: Timestamp,
): TrustAnchor | undefined {
  // The extended ones: Node.js shows no others.
  const usages = x509.keyUsage as readonly string[] | undefined;
  if (
    !isValidAt(validityOf(x509), now) ||
    forgeable.has(parts.signatureAlgorithm) ||
    // A certificate that may issue others is not a device's; and a handshake is signed.
    parts.isAuthority ||
    parts.maySign === false ||
    !parts.criticalExtensions.every((id) => understood.has(id)) ||
    (usages !== undefined && !usages.some((id) => clientUsages.has(id)))
  )
    return undefined;
  return anchors.find(
    (anchor) => anchor.subjectDn === issuerDn && isValidAt(anchor, now) && isSignedBy(x509, anchor),
  );
}

/** The validity of a certificate includes its ends (RFC 5280 §4.1.2.5), in whole seconds. */
export function validityOf(x509: PresentedCertificate['x509']): Required<Validity> {
  return {
    notBefore: (x509.validFromDate.getTime() - 1) as Timestamp,
    notAfter: (x509.validToDate.getTime() + 1_000) as Timestamp,
  };
}

function isSignedBy(x509: PresentedCertificate['x509'], { publicKey }: TrustAnchor): boolean {
  try {
    return knownSignatures.isSignedBy(x509, publicKey);
  } catch {
    // A key that OpenSSL cannot use has signed nothing.
    return false;
  }
}
