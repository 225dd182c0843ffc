import type { Timestamp } from '@rollcall/core';
import type { TrustAnchor } from '@rollcall/core/registry';
import { formatName, normalizeName, readCertificateParts, readName } from '@rollcall/core/x509';
import { z } from 'zod';
import { authIdTemplateIn } from './auth-id-template.ts';
import { bytes, flag, instant, validityOf } from './formats.ts';
import { readCertificate } from './read-certificate.ts';
import { readPublicKey } from './read-public-key.ts';

const anything = z.unknown();
const shape = {
  id: z.string().optional(),
  'subject-dn': z.string().optional(),
  'subject-dn-bytes': bytes.optional(),
  'public-key': bytes.optional(),
  algorithm: z.string().optional(),
  cert: bytes.optional(),
  'not-before': instant.optional(),
  'not-after': instant.optional(),
  'auth-id-template': authIdTemplateIn(z.string()).optional(),
  comment: z.string().optional(),
  // Unregistered devices are refused, whatever these fields say.
  'auto-provisioning-enabled': anything.optional(),
  'auto-provision-as-gateway': anything.optional(),
  'auto-provisioning-device-id-template': anything.optional(),
  // This field cannot be ignored: revoked devices would get in.
  'ocsp-revocation-enabled': z.literal(false, 'OCSP is not supported').optional(),
  'ocsp-responder-uri': anything.optional(),
  'ocsp-responder-cert': anything.optional(),
  'ocsp-nonce-enabled': anything.optional(),
};

const fields = z.strictObject(shape);

type Fields = z.output<typeof fields>;

/** An authority that a tenant trusts: its certificate, or its name and public key. */
export const trustedCaSchema: z.ZodType<TrustAnchor> = fields.transform(toTrustAnchor);
/** The same in the answer of a service, which may have fields that are not used here. */
export const answeredCaSchema: z.ZodType<TrustAnchor> = z
  .object({ ...shape, 'auto-provisioning-enabled': flag.optional() })
  .transform((content, context) => ({
    ...toTrustAnchor(content, context),
    ...(content['auto-provisioning-enabled'] === true && { registersDevices: true as const }),
  }));

function toTrustAnchor(content: Fields, context: z.RefinementCtx): TrustAnchor {
  const problem = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const template = content['auth-id-template'];
  const shared = template === undefined ? {} : { authIdTemplate: template };
  if (content.cert) {
    const ofCertificate = anchorOf(content.cert);
    return ofCertificate ? { ...ofCertificate, ...shared } : problem('cert: must be a certificate in DER');
  }
  const subjectDn = subjectOf(content);
  if (subjectDn === undefined)
    return problem('must have cert, or a subject-dn as in RFC 2253, e.g. CN=ca,O=Acme, or subject-dn-bytes');
  const publicKey = content['public-key'];
  if (!publicKey || !readPublicKey(publicKey))
    return problem('must have cert, or a public-key: a SubjectPublicKeyInfo in DER');
  return { subjectDn, publicKey, ...validityOf(content), ...shared };
}

function subjectOf({ 'subject-dn': written, 'subject-dn-bytes': encoded }: Fields): string | undefined {
  if (!encoded) return written === undefined ? undefined : normalizeName(written);
  try {
    return formatName(readName(encoded));
  } catch {
    return undefined;
  }
}

function anchorOf(der: Uint8Array): TrustAnchor | undefined {
  const certificate = readCertificate(der);
  if (!certificate) return undefined;
  try {
    return {
      subjectDn: formatName(readCertificateParts(der).subject),
      publicKey: Uint8Array.from(certificate.publicKey.export({ type: 'spki', format: 'der' })),
      notBefore: certificate.validFromDate.getTime() as Timestamp,
      notAfter: certificate.validToDate.getTime() as Timestamp,
    };
  } catch {
    return undefined;
  }
}
