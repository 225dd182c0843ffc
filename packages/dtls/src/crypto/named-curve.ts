import type { KeyObject } from 'node:crypto';
import { ecdsaSha256, ecdsaSha384 } from '../wire/signature-scheme.ts';

interface NamedCurve {
  /** In `supported_groups` and ServerECDHParams (RFC 8422 §5.1.1). */
  readonly id: number;
  /** As OpenSSL, and so `node:crypto`, calls it. */
  readonly opensslName: string;
  /** Of an uncompressed point. */
  readonly pointBytes: number;
  /** The one whose hash is as strong as the curve. */
  readonly signatureScheme: number;
}

/**
 * The curve that every profile for small devices asks for (RFC 7925 §4.4) comes first: the server prefers it, and it costs the least.
 */
export const namedCurves = {
  'P-256': { id: 23, opensslName: 'prime256v1', pointBytes: 65, signatureScheme: ecdsaSha256 },
  'P-384': { id: 24, opensslName: 'secp384r1', pointBytes: 97, signatureScheme: ecdsaSha384 },
} as const satisfies Readonly<Record<string, NamedCurve>>;

export type CurveName = keyof typeof namedCurves;

export const curveNames = Object.keys(namedCurves) as readonly CurveName[];

/** The curve of an ECDSA key; `undefined` for a key of another kind, or on another curve. */
export function curveOf(key: KeyObject): CurveName | undefined {
  const named = key.asymmetricKeyDetails?.namedCurve;
  return curveNames.find((name) => namedCurves[name].opensslName === named);
}
