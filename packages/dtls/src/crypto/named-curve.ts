import type { KeyObject } from 'node:crypto';
import { curveIdOfCertificate } from '../wire/certificate-curve.ts';
import { ecdsaSha256, ecdsaSha384 } from '../wire/signature-scheme.ts';

interface NamedCurve {
  /** In `supported_groups` and ServerECDHParams (RFC 8422 §5.1.1). */
  readonly id: number;
  /** As OpenSSL, and so `node:crypto`, calls it. */
  readonly opensslName: string;
  /** Its object identifier's content in hex (RFC 5480 §2.1.1.1). */
  readonly objectId: string;
  /** Of an uncompressed point. */
  readonly pointBytes: number;
  /** The one whose hash is as strong as the curve. */
  readonly signatureScheme: number;
}

/**
 * The curve that every profile for small devices asks for (RFC 7925 §4.4) comes first: the server prefers it, and it costs the least.
 */
export const namedCurves = {
  'P-256': {
    id: 23,
    opensslName: 'prime256v1',
    objectId: '2a8648ce3d030107',
    pointBytes: 65,
    signatureScheme: ecdsaSha256,
  },
  'P-384': {
    id: 24,
    opensslName: 'secp384r1',
    objectId: '2b81040022',
    pointBytes: 97,
    signatureScheme: ecdsaSha384,
  },
} as const satisfies Readonly<Record<string, NamedCurve>>;

export type CurveName = keyof typeof namedCurves;

export const curveNames = Object.keys(namedCurves) as readonly CurveName[];

/** A server needs the curve of its key in each handshake, and Node.js has to export the key to find it. */
const known = new WeakMap<KeyObject, CurveName | 'none'>();

/** The curve of an ECDSA key; `undefined` for a key of another kind, or on another curve. */
export function curveOf(key: KeyObject): CurveName | undefined {
  let curve = known.get(key);
  if (curve === undefined) {
    const named = key.asymmetricKeyDetails?.namedCurve;
    curve = curveNames.find((name) => namedCurves[name].opensslName === named) ?? 'none';
    known.set(key, curve);
  }
  return curve === 'none' ? undefined : curve;
}

/** The curve of the key in a certificate, as above. @throws Malformed where it is no certificate. */
export function curveOfCertificate(der: Buffer): CurveName | undefined {
  const id = curveIdOfCertificate(der);
  return curveNames.find((name) => namedCurves[name].objectId === id);
}
