import type { KeyObject } from 'node:crypto';
import type { Timestamp } from '@rollcall/core';
import type { PublicKeySecret } from '@rollcall/core/registry';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { publicKeys } from './public-keys.ts';

export type TokenVerdict =
  /** `notAfter`: from when on the token counts no more. */
  | { readonly status: 'verified'; readonly matched: PublicKeySecret; readonly notAfter: Timestamp }
  | { readonly status: 'invalid' | 'expired' };

/** How far the clock of a device may be off, as in Hono. */
const skewSeconds = 600;
/** From `iat` to `exp` at most, beside the skew. */
const maxLifetimeSeconds = 86_400;
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const algorithmsOfCurves: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
]);

/**
 * Verifies a JSON Web Token with any of the keys (RFC 7519; `docs/hono-compatibility.md` §13). Its `kid` means nothing: a device has
 * few keys. Never rejects.
 */
export async function verifyToken(
  token: string,
  secrets: readonly PublicKeySecret[],
  now: Timestamp,
): Promise<TokenVerdict> {
  for (const secret of secrets) {
    const verdict = await verifyWith(token, secret, now);
    if (verdict.status !== 'invalid') return verdict;
  }
  return { status: 'invalid' };
}

async function verifyWith(token: string, matched: PublicKeySecret, now: Timestamp): Promise<TokenVerdict> {
  try {
    const key = publicKeys.of(matched.key);
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      // What a key is for, it says itself: a token must not choose.
      algorithms: [...algorithmsOf(key)],
      clockTolerance: skewSeconds,
      currentDate: new Date(now),
      requiredClaims: ['iat', 'exp'],
    });
    const notAfter = protectedHeader.typ === 'JWT' ? endOf(payload, now) : undefined;
    return notAfter === undefined ? { status: 'invalid' } : { status: 'verified', matched, notAfter };
  } catch (error) {
    // Signed by the device, and too old.
    return { status: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
  }
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  if (asymmetricKeyType === 'rsa') return rsaAlgorithms;
  return algorithmsOfCurves.get(asymmetricKeyDetails?.namedCurve) ?? [];
}

/** When a token ceases to count; `undefined` where it is to count for longer than a token may, or from later on. */
function endOf({ iat, exp }: JWTPayload, now: Timestamp): Timestamp | undefined {
  if (iat === undefined || exp === undefined) return undefined;
  const mayBegin = iat <= now / 1_000 + skewSeconds;
  const mayEnd = exp > iat && exp <= iat + maxLifetimeSeconds + skewSeconds;
  return mayBegin && mayEnd ? (Math.floor((exp + skewSeconds) * 1_000) as Timestamp) : undefined;
}
