import type { KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { bytes } from './formats.ts';
import { readCertificate } from './read-certificate.ts';
import { readPublicKey } from './read-public-key.ts';
import { secretFields } from './secret-fields.ts';

const shape = {
  ...secretFields,
  key: bytes.optional(),
  algorithm: z.enum(['EC', 'RSA'], 'must be EC or RSA').optional(),
  cert: bytes.optional(),
};

const fields = z.strictObject(shape);

type Fields = z.output<typeof fields>;

/** Shorter ones can be broken (RFC 7518 §3.3). */
const minRsaBits = 2_048;
/** The curves of ES256, ES384 and ES512 (RFC 7518 §3.4). */
const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** The content of a secret of type `rpk`. */
export interface PublicKeyContent extends Omit<Fields, 'key' | 'algorithm' | 'cert'> {
  /** A SubjectPublicKeyInfo in DER. */
  readonly key: Uint8Array;
}

/**
 * A public key that verifies tokens, or a certificate that has it. The issuer of the certificate is not checked: the author of the
 * file vouches for it. It counts for as long as the certificate is valid.
 */
export const publicKeySecretSchema: z.ZodType<PublicKeyContent> = fields.transform(toPublicKey);
/** The same in the answer of a service, which may have fields that are not used here. */
export const answeredPublicKeySchema: z.ZodType<PublicKeyContent> = z.object(shape).transform(toPublicKey);

function toPublicKey(content: Fields, context: z.RefinementCtx): PublicKeyContent {
  const { key: encoded, algorithm, cert, ...rest } = content;
  const read = readKey({ encoded, algorithm, cert });
  if ('problem' in read) {
    context.addIssue({ code: 'custom', message: read.problem });
    return z.NEVER;
  }
  const key = Uint8Array.from(read.key.export({ type: 'spki', format: 'der' }));
  return { ...rest, ...validityWithin(rest, read.certificate), key };
}

type Read =
  | { readonly key: KeyObject; readonly certificate?: X509Certificate }
  | { readonly problem: string };

function readKey({
  encoded,
  algorithm,
  cert,
}: {
  readonly encoded: Uint8Array | undefined;
  readonly algorithm: Fields['algorithm'];
  readonly cert: Uint8Array | undefined;
}): Read {
  if ((encoded === undefined) === (cert === undefined))
    return { problem: 'must have a key and its algorithm, or cert, and not both' };
  const certificate = cert && readCertificate(cert);
  if (cert && !certificate) return { problem: 'cert: must be a certificate in DER, in Base64' };
  const key = certificate ? certificate.publicKey : encoded && readPublicKey(encoded);
  if (!key) return { problem: 'key: must be a SubjectPublicKeyInfo in DER, in Base64' };
  const type = typeOf(key);
  if (type === undefined)
    return { problem: `must have an RSA key of ${minRsaBits} bits or more, or one on P-256, P-384 or P-521` };
  if (!certificate && algorithm === undefined) return { problem: 'algorithm: is missing' };
  if (algorithm !== undefined && algorithm !== type)
    return { problem: `algorithm: must be ${type}, for the key is` };
  return { key, ...(certificate && { certificate }) };
}

function typeOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): 'EC' | 'RSA' | undefined {
  if (asymmetricKeyType === 'ec') return curves.has(asymmetricKeyDetails.namedCurve) ? 'EC' : undefined;
  if (asymmetricKeyType !== 'rsa') return undefined;
  return (asymmetricKeyDetails.modulusLength ?? 0) >= minRsaBits ? 'RSA' : undefined;
}

/** The intersection of the validity in the file and that of the certificate. */
function validityWithin(
  written: Pick<Fields, 'not-before' | 'not-after'>,
  certificate: X509Certificate | undefined,
): Pick<Fields, 'not-before' | 'not-after'> {
  if (!certificate) return {};
  return {
    'not-before': Math.max(written['not-before'] ?? -Infinity, certificate.validFromDate.getTime()),
    'not-after': Math.min(written['not-after'] ?? Infinity, certificate.validToDate.getTime()),
  };
}
