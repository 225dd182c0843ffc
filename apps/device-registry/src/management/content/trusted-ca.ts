import { randomUUID, type X509Certificate } from 'node:crypto';
import { formatName, readCertificateParts, readName } from '@rollcall/core/x509';
import { algorithmOf, authIdTemplateIn } from '@rollcall/device-registry/internal';
import { z } from 'zod';
import type { TrustedCaContent } from '../../store/registry-content.ts';
import { base64, certificate, flag, honoTime, sent, text, time } from './fields.ts';
import { normalName } from '../../names/normal-name.ts';
import { encodeKey, isKeyOf } from './public-key.ts';

const fields = z.strictObject({
  id: text.min(1, 'must not be empty').optional(),
  cert: certificate.optional(),
  'subject-dn': text.optional(),
  'subject-dn-bytes': base64.optional(),
  'public-key': base64.optional(),
  algorithm: text.optional(),
  'not-before': time.optional(),
  'not-after': time.optional(),
  'auth-id-template': authIdTemplateIn(text).optional(),
  'auto-provisioning-device-id-template': authIdTemplateIn(text).optional(),
  'auto-provisioning-enabled': flag.optional(),
  'auto-provision-as-gateway': flag.optional(),
  'ocsp-revocation-enabled': flag.optional(),
  'ocsp-responder-uri': text.optional(),
  'ocsp-responder-cert': certificate.optional(),
  'ocsp-nonce-enabled': flag.optional(),
});

type Fields = z.output<typeof fields>;
type Authority = Pick<
  TrustedCaContent,
  'subject-dn' | 'subject-dn-bytes' | 'public-key' | 'algorithm' | 'not-before' | 'not-after'
>;

/** An authority, given by its certificate or by the facts in one. The certificate itself is not stored. */
export const trustedCa: z.ZodType<TrustedCaContent> = fields.transform(
  (content, context): TrustedCaContent => {
    const problem = (message: string): never => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    const { cert, 'ocsp-responder-cert': responder = cert, ...rest } = content;
    const authority = cert ? ofCertificate(cert) : ofMembers(content);
    if (typeof authority === 'string') return problem(authority);
    const isChecked = content['ocsp-revocation-enabled'] === true;
    if (isChecked && !responder)
      return problem('ocsp-revocation-enabled: needs cert, or ocsp-responder-cert');
    return sent({
      ...rest,
      id: content.id ?? randomUUID(),
      ...authority,
      ...((isChecked || content['ocsp-responder-cert']) &&
        responder && { 'ocsp-responder-cert': responder.raw.toString('base64') }),
    });
  },
);

function ofCertificate(cert: X509Certificate): Authority | string {
  const algorithm = algorithmOf(cert.publicKey);
  if (algorithm === undefined) return 'cert: has a key of an unknown type';
  try {
    return {
      'subject-dn': formatName(readCertificateParts(cert.raw).subject),
      'public-key': encodeKey(cert.publicKey),
      algorithm,
      'not-before': honoTime(cert.validFromDate.getTime()),
      'not-after': honoTime(cert.validToDate.getTime()),
    };
  } catch {
    return 'cert: must be a certificate in DER, in Base64';
  }
}

function ofMembers(content: Fields): Authority | string {
  const subject = subjectOf(content);
  const { 'public-key': key, algorithm = 'RSA', 'not-before': from, 'not-after': to } = content;
  if (subject === undefined) return 'subject-dn: must be as in RFC 2253, e.g. CN=ca,O=Acme';
  if (key === undefined || !isKeyOf(algorithm, key))
    return `public-key: must be a SubjectPublicKeyInfo in DER, in Base64, of algorithm ${algorithm}`;
  if (from === undefined || to === undefined) return 'not-before, not-after: both are needed without cert';
  return { 'subject-dn': subject, 'public-key': key, algorithm, 'not-before': from, 'not-after': to };
}

function subjectOf({ 'subject-dn': written, 'subject-dn-bytes': encoded }: Fields): string | undefined {
  const subject = written === undefined ? undefined : normalName(written);
  if (encoded === undefined) return subject;
  try {
    return formatName(readName(Buffer.from(encoded, 'base64')));
  } catch {
    return undefined;
  }
}
