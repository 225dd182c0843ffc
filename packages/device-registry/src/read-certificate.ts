import { X509Certificate } from 'node:crypto';
import { hasDates } from '@rollcall/core/x509';

/**
 * A certificate in DER; `undefined` where it is none. Of its parts Node.js reads each when it is asked for: the key may be no
 * point of its curve, and what stands in place of a date may be none.
 */
export function readCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der);
    return certificate.publicKey && hasDates(certificate) ? certificate : undefined;
  } catch {
    return undefined;
  }
}
