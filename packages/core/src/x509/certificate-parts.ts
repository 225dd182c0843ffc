import { expectTag, NotDer, readOid, readOnly, readValues, tags } from './der.ts';
import { readName, type DistinguishedName } from './distinguished-name.ts';

/** What of a certificate Node.js does not tell, or not in a form that can be relied upon. */
export interface CertificateParts {
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** Object identifiers of the extensions that must be understood. */
  readonly criticalExtensions: readonly string[];
  /** It may issue certificates (RFC 5280 §4.2.1.9). */
  readonly isAuthority: boolean;
  /** Whether its key may sign what is no certificate (RFC 5280 §4.2.1.3); `undefined` where nothing is said of what it is for. */
  readonly maySign: boolean | undefined;
  /** Object identifier of the algorithm that the issuer signed with. */
  readonly signatureAlgorithm: string;
}

/** Reads a certificate in DER (RFC 5280 §4.1). @throws NotDer */
export function readCertificateParts(certificate: Uint8Array): CertificateParts {
  const [signed, algorithm] = readValues(readOnly(certificate, tags.sequence).content);
  const fields = [...readValues(expectTag(signed, tags.sequence).content)];
  // A certificate without extensions may leave out its version.
  if (fields[0]?.tag === tags.version) fields.shift();
  const [, , issuer, , subject] = fields;
  const [algorithmId] = readValues(expectTag(algorithm, tags.sequence).content);
  const written = fields.find(({ tag }) => tag === tags.extensions);
  const extensions = written ? readExtensions(written.content) : new Map<string, Extension>();
  return {
    issuer: readName(expectTag(issuer, tags.sequence).whole),
    subject: readName(expectTag(subject, tags.sequence).whole),
    criticalExtensions: [...extensions].filter(([, { critical }]) => critical).map(([id]) => id),
    isAuthority: readIsAuthority(extensions.get('2.5.29.19')),
    maySign: readMaySign(extensions.get('2.5.29.15')),
    signatureAlgorithm: readOid(expectTag(algorithmId, tags.oid)),
  };
}

interface Extension {
  readonly critical: boolean;
  /** In DER. */
  readonly value: Uint8Array;
}

/** Each has an identifier, then perhaps whether it is critical, then its value (RFC 5280 §4.1.2.9), and none comes twice (§4.2). */
function readExtensions(written: Uint8Array): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  for (const extension of readValues(readOnly(written, tags.sequence).content)) {
    const [id, ...rest] = readValues(expectTag(extension, tags.sequence).content);
    const [flag] = rest;
    const isFlagged = flag?.tag === tags.boolean;
    const { content } = expectTag(isFlagged ? rest[1] : flag, tags.octets);
    const name = readOid(expectTag(id, tags.oid));
    if (extensions.has(name)) throw new NotDer('an extension comes twice');
    extensions.set(name, { critical: isFlagged && flag.content[0] !== 0, value: content });
  }
  return extensions;
}

/** Basic constraints: `SEQUENCE { cA BOOLEAN DEFAULT FALSE, … }`. */
function readIsAuthority(constraints: Extension | undefined): boolean {
  if (!constraints) return false;
  const [isAuthority] = readValues(readOnly(constraints.value, tags.sequence).content);
  return isAuthority?.tag === tags.boolean && isAuthority.content[0] !== 0;
}

/** Key usage: a bit string whose first bit is `digitalSignature`; before the bits stands how many of them are spare. */
function readMaySign(usage: Extension | undefined): boolean | undefined {
  if (!usage) return undefined;
  const [, bits = 0] = readOnly(usage.value, tags.bits).content;
  return (bits & 0x80) !== 0;
}
