import { createPublicKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** The keys that tokens may be signed with, and the algorithms. */
export interface TokenKeys {
  readonly keys: JWTVerifyGetKey;
  /** Only algorithms with public keys: with a shared secret, everyone who can check a token can make one. */
  readonly algorithms: readonly string[];
}

export const allAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const ecAlgorithms: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** The keys of the issuer are unavailable, so that no token can be checked. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/**
 * Keys in a file: a JSON Web Key Set, or the PEM of one public key or certificate.
 *
 * @throws Error that says why it cannot be used.
 */
export function keysIn(text: string): TokenKeys {
  return text.trimStart().startsWith('{') ? jwksIn(text) : pemIn(text);
}

function jwksIn(text: string): TokenKeys {
  const set = JSON.parse(text) as JSONWebKeySet;
  const shared = (set.keys as readonly { readonly kty?: unknown }[] | undefined)?.some(
    ({ kty }) => kty === 'oct',
  );
  if (shared === true) throw new Error('a shared secret (kty oct) is no public key');
  return { keys: createLocalJWKSet(set), algorithms: allAlgorithms };
}

function pemIn(text: string): TokenKeys {
  if (/PRIVATE KEY/.test(text)) throw new Error('this is a private key: give the public one');
  const key = createPublicKey(text);
  return { keys: async () => key, algorithms: algorithmsOf(key) };
}

/** A key is used only with its own kind of algorithm, whatever the header of the token says (RFC 8725 §3.1). */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      if ((asymmetricKeyDetails?.modulusLength ?? 0) < 2_048) throw new Error('the RSA key is too short');
      return allAlgorithms.filter((name) => /^[RP]S/.test(name));
    case 'ec': {
      const algorithm = ecAlgorithms[asymmetricKeyDetails?.namedCurve ?? ''];
      if (algorithm === undefined) throw new Error('its curve is none of P-256, P-384 and P-521');
      return [algorithm];
    }
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      throw new Error(`keys of type ${asymmetricKeyType} sign no tokens`);
  }
}
