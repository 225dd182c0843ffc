import { errors, jwtVerify } from 'jose';
import type { Clock } from '@rollcall/core/environment';
import { everything, type Grant } from './grant.ts';
import { readClaims, type ClaimNames } from './read-claims.ts';
import { KeysUnavailable, type TokenKeys } from './token-keys.ts';
import type { TokenList } from './token-list.ts';

/** What a token is worth. */
export type TokenAnswer =
  | { readonly status: 'granted'; readonly grant: Grant }
  /** Why, in words that give nothing away. */
  | { readonly status: 'refused'; readonly why: string }
  /** The keys of the issuer cannot be had. */
  | { readonly status: 'unavailable' };

export interface TokenCheck {
  /** @param authorization the header of a request, as it came. */
  check(authorization: string | undefined): Promise<TokenAnswer>;
}

export interface TokenCheckOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether whoever reaches the port may ask everything. */
  readonly open: boolean;
  readonly names: ClaimNames;
  readonly audience: string;
  readonly issuer: string | undefined;
  /** Read with each check: the files may be replaced. */
  keys(): TokenKeys | undefined;
  tokens(): TokenList | undefined;
  /** Told why keys cannot be had. */
  keysFailed(error: unknown): void;
}

/** Longer ones are not even looked at: checking a signature costs as much as the token is long. */
const maxTokenLength = 8_192;
/** Of clocks that differ. */
const toleranceSeconds = 5;

/** Who asks, by the bearer token (RFC 6750) of the request. */
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
      // A token that never expires could never be taken back.
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
