import type { Clock } from '@rollcall/core/environment';
import type { TokenKeys } from '@rollcall/http-service/tokens';
import { jwtVerify } from 'jose';
import type { LoginOutcome } from './identity.ts';
import { rightsOf } from './rights.ts';

export interface TokenIdentityOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** As they are now. */
  keys(): TokenKeys;
  /** `iss` of each token. */
  readonly issuer: string;
  /** `aud` of each token; absent: any, or none. */
  readonly audience?: string;
  /** Told why no token can be verified. */
  failed(error: unknown): void;
}

/** Who a token of the auth server is about, and what its claims let them do. Never rejects. */
export async function tokenIdentity(
  token: string,
  { clock, keys, issuer, audience, failed }: TokenIdentityOptions,
): Promise<LoginOutcome> {
  const { keys: key, algorithms } = keys();
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [...algorithms],
      issuer,
      ...(audience !== undefined && { audience }),
      currentDate: new Date(clock.now()),
      // A connection stays as long as its token holds.
      requiredClaims: ['exp', 'sub'],
    });
    const { sub: name = '', exp = 0 } = payload;
    return {
      status: 'accepted',
      identity: { name, rights: rightsOf(Object.entries(payload)), expiresAt: exp * 1_000 },
    };
  } catch (error) {
    // Whoever the client is, the auth server let it in: the fault is between the two servers.
    failed(error);
    return { status: 'unavailable' };
  }
}
