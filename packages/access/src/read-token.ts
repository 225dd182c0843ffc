/** The name that a device gives beside the token that proves it. */
export interface TokenName {
  readonly tenant: string;
  readonly authId: string;
}

export interface NamedToken extends TokenName {
  /** A JSON Web Token in a compact JWS (RFC 7515 §3.1), not verified yet. */
  readonly token: string;
  /** Its claim `iss`, not verified yet: a registry may have keys for one issuer alone. */
  readonly issuer?: string;
}

/** Whom a token must be for to name tenant and device itself. */
const audience = 'hono-adapter';
/** With room for signatures of RSA keys of 16,384 bits. Longer ones are not looked at. */
const maxTokenLength = 8_192;
const compactJws = /^[\w-]+\.([\w-]+)\.[\w-]*$/;

/**
 * Reads whom a token names (`docs/hono-compatibility.md` §13): one for `hono-adapter` has the tenant in its claim `tid` and the auth-id in
 * `sub`; of any other, the protocol names them. `undefined`: the text is no token, or nobody is named.
 *
 * @param elsewhere whom the protocol names, if it does.
 */
export function readToken(text: string, elsewhere: TokenName | undefined): NamedToken | undefined {
  const claims = text.length <= maxTokenLength ? claimsOf(text) : undefined;
  if (!claims) return undefined;
  const named = isForUs(claims['aud']) ? nameIn(claims) : elsewhere;
  const { iss } = claims;
  return (
    named && {
      tenant: named.tenant,
      authId: named.authId,
      token: text,
      ...(typeof iss === 'string' && { issuer: iss }),
    }
  );
}

function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload] = compactJws.exec(token) ?? [];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isForUs(aud: unknown): boolean {
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience;
}

function nameIn({ tid, sub }: Readonly<Record<string, unknown>>): TokenName | undefined {
  return typeof tid === 'string' && typeof sub === 'string' ? { tenant: tid, authId: sub } : undefined;
}
