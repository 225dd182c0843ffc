import { expectTag, readOid, readOnly, readValues, tags } from './der.ts';
import { readName, type DistinguishedName } from './distinguished-name.ts';

/** What of a certificate Node.js does not tell, or not in a form that can be relied upon. */
export interface CertificateParts {
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** Object identifiers of the extensions that must be understood. */
  readonly criticalExtensions: readonly string[];
  /** Object identifier of the algorithm that the issuer signed with. */
  readonly signatureAlgorithm: string;
}

/** Reads a certificate in DER (RFC 5280 §4.1). @throws NotDer */
export function readCertificateParts(certificate: Uint8Array): CertificateParts {
  const [signed, algorithm] = readValues(readOnly(certificate, tags.sequence).content);
  const fields = [...readValues(expectTag(signed, tags.sequence).content)];
  // A certificate without extensions need not say its version.
  if (fields[0]?.tag === tags.version) fields.shift();
  const [, , issuer, , subject] = fields;
  const [algorithmId] = readValues(expectTag(algorithm, tags.sequence).content);
  const extensions = fields.find(({ tag }) => tag === tags.extensions);
  return {
    issuer: readName(expectTag(issuer, tags.sequence).whole),
    subject: readName(expectTag(subject, tags.sequence).whole),
    criticalExtensions: extensions ? readCritical(extensions.content) : [],
    signatureAlgorithm: readOid(expectTag(algorithmId, tags.oid)),
  };
}

/** Each has an identifier, then perhaps whether it is critical, then its value (RFC 5280 §4.1.2.9). */
function readCritical(extensions: Uint8Array): readonly string[] {
  return readValues(readOnly(extensions, tags.sequence).content)
    .map((extension) => readValues(expectTag(extension, tags.sequence).content))
    .filter(([, critical]) => critical?.tag === tags.boolean && critical.content[0] !== 0)
    .map(([id]) => readOid(expectTag(id, tags.oid)));
}
