import { errors, jwtVerify } from 'jose';
import type { Clock } from '@rollcall/core/environment';
import { everything, type Grant } from './grant.ts';
import { readClaims, type ClaimNames } from './read-claims.ts';
import { KeysUnavailable, type TokenKeys } from './token-keys.ts';
import type { TokenList } from './token-list.ts';

/** The result of checking a token. */
export type TokenAnswer =
  | { readonly status: 'granted'; readonly grant: Grant }
  /** The reason, which reveals nothing about valid tokens. */
  | { readonly status: 'refused'; readonly why: string }
  /** The keys of the issuer are unavailable. */
  | { readonly status: 'unavailable' };

export interface TokenCheck {
  /** @param authorization the header of a request. */
  check(authorization: string | undefined): Promise<TokenAnswer>;
}

export interface TokenCheckOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether every client that reaches the port may do everything. */
  readonly open: boolean;
  readonly names: ClaimNames;
  readonly audience: string;
  readonly issuer: string | undefined;
  /** Read with each check: the files may be replaced. */
  keys(): TokenKeys | undefined;
  tokens(): TokenList | undefined;
  /** Called with the reason why keys are unavailable. */
  keysFailed(error: unknown): void;
}

/** Longer tokens are refused unread: the cost of checking a signature grows with the length of the token. */
const maxTokenLength = 8_192;
/** How much the clocks of the issuer and of this machine may differ. */
const toleranceSeconds = 5;

/** Authenticates requests by their bearer token (RFC 6750). */
export function createTokenCheck(options: TokenCheckOptions): TokenCheck {
  return {
    async check(authorization) {
      if (options.open) return { status: 'granted', grant: everything };
      if (authorization === undefined) return { status: 'refused', why: 'a bearer token is needed' };
      const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(
        authorization.slice(0, maxTokenLength + 16),
      )?.[1];
      if (token === undefined || token.length > maxTokenLength)
        return { status: 'refused', why: 'the Authorization header has no bearer token that can be used' };
      const known = options.tokens()?.grantOf(token);
      if (known) return { status: 'granted', grant: known };
      const keys = options.keys();
      return keys && token.split('.').length === 3
        ? checkSigned(token, keys, options)
        : { status: 'refused', why: 'the token is not known' };
    },
  };
}

async function checkSigned(
  token: string,
  { keys, algorithms }: TokenKeys,
  { clock, names, audience, issuer, keysFailed }: TokenCheckOptions,
): Promise<TokenAnswer> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...algorithms],
      audience,
      ...(issuer !== undefined && { issuer }),
      clockTolerance: toleranceSeconds,
      currentDate: new Date(clock.now()),
      // A token that never expires cannot be revoked.
      requiredClaims: ['exp'],
    });
    return { status: 'granted', grant: readClaims(payload, names) };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { status: 'refused', why: 'the token has expired' };
    if (!(error instanceof KeysUnavailable)) return { status: 'refused', why: 'the token is not valid here' };
    keysFailed(error);
    return { status: 'unavailable' };
  }
}
