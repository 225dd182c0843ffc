import { X509Certificate } from 'node:crypto';
import { formatName, readCertificateParts, type CertificateParts } from '@rollcall/core/x509';

/** A certificate that a device presented: nothing of it is verified yet. */
export interface PresentedCertificate {
  readonly x509: X509Certificate;
  readonly parts: CertificateParts;
  /** As in RFC 2253, see `formatName`. */
  readonly subjectDn: string;
  readonly issuerDn: string;
}

/** Reads a certificate in DER; `undefined` where it is none. */
export function readPresentedCertificate(der: Uint8Array): PresentedCertificate | undefined {
  try {
    // Of these very bytes: OpenSSL would take PEM too, and mind nothing that follows.
    const parts = readCertificateParts(der);
    const x509 = new X509Certificate(der);
    return { x509, parts, subjectDn: formatName(parts.subject), issuerDn: formatName(parts.issuer) };
  } catch {
    return undefined;
  }
}
