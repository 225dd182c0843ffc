import type { Clock } from '@rollcall/core/environment';
import type { TokenKeys } from '@rollcall/http-service/tokens';
import { jwtVerify } from 'jose';
import type { LoginOutcome } from './identity.ts';
import { rightsOf } from './rights.ts';

export interface TokenIdentityOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** The present keys. */
  keys(): TokenKeys;
  /** `iss` of each token. */
  readonly issuer: string;
  /** `aud` of each token; absent: any, or none. */
  readonly audience?: string;
  /** Called with the reason why no token can be verified. */
  failed(error: unknown): void;
}

/** Reads the subject and the rights of a token of the auth server. Never rejects. */
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
      // A connection is closed when its token expires.
      requiredClaims: ['exp', 'sub'],
    });
    const { sub: name = '', exp = 0 } = payload;
    return {
      status: 'accepted',
      identity: { name, rights: rightsOf(Object.entries(payload)), expiresAt: exp * 1_000 },
    };
  } catch (error) {
    // The auth server accepted the client, so the fault is between the two servers.
    failed(error);
    return { status: 'unavailable' };
  }
}
