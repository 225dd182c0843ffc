import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { bits, integer, octets, oid, sequence, set, text, time, truth, value } from './der-writer.ts';

export interface CertificateFacts {
  /** `CN=device-1,O=Acme`: CN, O and OU, without escapes. */
  readonly subject: string;
  /** Milliseconds since the epoch; default: 2020 to 2120. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Object identifiers; default: the extension is left out. */
  readonly extendedKeyUsages?: readonly string[];
  /** First byte of its key usage (RFC 5280 §4.2.1.3): 0x80 is `digitalSignature`; default: the extension is left out. */
  readonly keyUsage?: number;
  /** Whether it may issue certificates itself. */
  readonly isAuthority?: boolean;
  /** Whether it has the extended key usage twice. */
  readonly doubled?: boolean;
  /** Object identifier of a critical extension that no one knows. */
  readonly unknownCritical?: string;
  /** Default `sha256`. */
  readonly digest?: 'sha1' | 'sha256';
  /** Curve of its key; default `P-256`. */
  readonly namedCurve?: 'P-256' | 'P-384' | 'P-521';
}

/** A certificate, its private key, and the public one as a SubjectPublicKeyInfo. */
export interface IssuedCertificate {
  readonly der: Uint8Array;
  readonly cert: string;
  readonly key: string;
  readonly publicKey: Uint8Array;
}

export interface CertificateAuthority extends IssuedCertificate {
  readonly subject: string;
  issue(facts: CertificateFacts): IssuedCertificate;
}

const attributes: Readonly<Record<string, string>> = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11' };
/** ECDSA with SHA-1 and SHA-256 (RFC 3279 §2.2.3, RFC 5758 §3.2). */
const algorithms = { sha1: '1.2.840.10045.4.1', sha256: '1.2.840.10045.4.3.2' } as const;
const extensionIds = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** An authority for tests, with a new P-256 key. */
export function createCertificateAuthority(subject: string): CertificateAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issue = (facts: CertificateFacts, subjectKeys: typeof keys, isAuthority: boolean) =>
    certificate(facts, subjectKeys, { subject, key: keys.privateKey }, isAuthority);
  return {
    ...issue({ subject }, keys, true),
    subject,
    issue: (facts) =>
      issue(
        facts,
        generateKeyPairSync('ec', { namedCurve: facts.namedCurve ?? 'P-256' }),
        facts.isAuthority ?? false,
      ),
  };
}

/** The same in DER, with a key that is no point of its curve. */
export function withKeyOffCurve({ der, publicKey }: IssuedCertificate): Uint8Array {
  const broken = Buffer.from(der);
  const last = broken.indexOf(publicKey) + publicKey.length - 1;
  broken[last] = (broken[last] ?? 0) ^ 1;
  return broken;
}

/** The same in DER, with a validity that begins, or ends, on a 31st of February. */
export function withNoDate({ der }: IssuedCertificate, which: 'not-before' | 'not-after'): Uint8Array {
  const broken = Buffer.from(der);
  const [from, to] = [...broken.toString('latin1').matchAll(/\d{14}Z/g)];
  broken.write('0231', ((which === 'not-before' ? from : to)?.index ?? 0) + 4);
  return broken;
}

function certificate(
  facts: CertificateFacts,
  keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  issuer: { readonly subject: string; readonly key: KeyObject },
  isAuthority: boolean,
): IssuedCertificate {
  const { digest = 'sha256', notBefore = Date.UTC(2020, 0), notAfter = Date.UTC(2120, 0) } = facts;
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const algorithm = sequence(oid(algorithms[digest]));
  const signed = sequence(
    value(0xa0, integer(Uint8Array.of(2))),
    integer(Uint8Array.of(1), randomBytes(8)),
    algorithm,
    name(issuer.subject),
    sequence(time(notBefore), time(notAfter)),
    name(facts.subject),
    publicKey,
    value(0xa3, sequence(...extensionsOf(facts, isAuthority))),
  );
  const der = sequence(signed, algorithm, bits(sign(digest, signed, issuer.key)));
  const base64 = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n');
  return {
    der,
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey,
  };
}

/** A distinguished name. A certificate begins with the part that the written form ends with. */
function name(written: string): Uint8Array {
  const parts = written.split(',').toReversed();
  return sequence(
    ...parts.map((part) => {
      const [type = '', content = ''] = part.split('=');
      return set(sequence(oid(attributes[type] ?? ''), text(content)));
    }),
  );
}

function extensionsOf(facts: CertificateFacts, isAuthority: boolean): readonly Uint8Array[] {
  const constraints = sequence(...(isAuthority ? [truth] : []));
  const usages = facts.extendedKeyUsages;
  const extended = usages
    ? [sequence(oid(extensionIds.extendedKeyUsage), octets(sequence(...usages.map(oid))))]
    : [];
  return [
    sequence(oid(extensionIds.basicConstraints), truth, octets(constraints)),
    ...(facts.keyUsage === undefined
      ? []
      : [sequence(oid(extensionIds.keyUsage), truth, octets(bits(Uint8Array.of(facts.keyUsage))))]),
    ...extended,
    ...(facts.doubled ? extended : []),
    ...(facts.unknownCritical === undefined
      ? []
      : [sequence(oid(facts.unknownCritical), truth, octets(sequence()))]),
  ];
}
