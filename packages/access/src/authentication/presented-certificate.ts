import { X509Certificate } from 'node:crypto';
import { formatName, hasDates, readCertificateParts, type CertificateParts } from '@rollcall/core/x509';
import type { CertificateLogin } from '../login.ts';

/** A certificate that a device presented: nothing of it is verified yet. */
export interface PresentedCertificate {
  readonly x509: X509Certificate;
  readonly parts: CertificateParts;
  /** As in RFC 2253, see `formatName`. */
  readonly subjectDn: string;
  readonly issuerDn: string;
}

/**
 * TLS takes 100 kB from anyone who signs it for himself, and each login would pay for them. As much as DTLS takes; the
 * longest of devices have some 2 kB.
 */
const maxCertificateBytes = 8_192;

/** Reads the certificate of a login; `undefined` where it is none, or longer than any of a device. */
export function readPresentedCertificate({
  certificate: der,
  x509,
}: Pick<CertificateLogin, 'certificate' | 'x509'>): PresentedCertificate | undefined {
  if (der.length > maxCertificateBytes) return undefined;
  try {
    // Of these very bytes: OpenSSL would take PEM too, and mind nothing that follows.
    const parts = readCertificateParts(der);
    const parsed = x509 ?? new X509Certificate(der);
    if (!hasDates(parsed)) return undefined;
    return { x509: parsed, parts, subjectDn: formatName(parts.subject), issuerDn: formatName(parts.issuer) };
  } catch {
    return undefined;
  }
}
