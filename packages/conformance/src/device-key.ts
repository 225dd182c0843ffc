import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Timestamp } from '@rollcall/core';

/** The key pair of a device, which signs tokens. */
export interface DeviceKey {
  /** A SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  /**
   * Signs a JSON Web Token, whatever it says; no library has its say in it.
   *
   * @param header default: `typ`, and the `alg` of the key.
   */
  sign(claims: unknown, header?: unknown): string;
}

/** Of a JSON Web Algorithm (RFC 7518 §3.1): how to make keys, and how to sign. */
const algorithms = {
  ES256: { digest: 'sha256', namedCurve: 'P-256' },
  ES384: { digest: 'sha384', namedCurve: 'P-384' },
  ES512: { digest: 'sha512', namedCurve: 'P-521' },
  RS256: { digest: 'sha256' },
  RS384: { digest: 'sha384' },
  RS512: { digest: 'sha512' },
  PS256: { digest: 'sha256', isPss: true },
  PS384: { digest: 'sha384', isPss: true },
  PS512: { digest: 'sha512', isPss: true },
} as const satisfies Record<string, Algorithm>;

interface Algorithm {
  readonly digest: string;
  /** Absent: RSA. */
  readonly namedCurve?: string;
  readonly isPss?: true;
}

export type TokenAlgorithm = keyof typeof algorithms;

/** @param modulusLength of an RSA key, in bits. */
export function createDeviceKey(alg: TokenAlgorithm = 'ES256', modulusLength = 2_048): DeviceKey {
  const { namedCurve }: Algorithm = algorithms[alg];
  const { publicKey, privateKey } = namedCurve
    ? generateKeyPairSync('ec', { namedCurve })
    : generateKeyPairSync('rsa', { modulusLength });
  return {
    publicKey: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
    sign(claims, header = { alg, typ: 'JWT' }) {
      const signed = `${encode(header)}.${encode(claims)}`;
      return `${signed}.${signatureOf(signed, algorithms[alg], privateKey).toString('base64url')}`;
    },
  };
}

/** What a token of a device says that is for our adapters, and valid for an hour. */
export function tokenClaims(now: Timestamp, tenant: string, authId: string): Record<string, unknown> {
  const iat = Math.floor(now / 1_000);
  return { aud: 'hono-adapter', tid: tenant, sub: authId, iat, exp: iat + 3_600 };
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function signatureOf(text: string, { digest, isPss }: Algorithm, key: KeyObject): Buffer {
  return sign(digest, Buffer.from(text), {
    key,
    dsaEncoding: 'ieee-p1363',
    ...(isPss && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  });
}
