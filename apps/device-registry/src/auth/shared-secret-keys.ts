import type { TokenKeys } from '@rollcall/http-service/tokens';

/** As many bytes as the hash of each algorithm has (RFC 7518 §3.2). */
const algorithms = [
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
] as const;

/** Tokens that are signed with a secret, which the auth server and its services share. @throws Error where it is too short. */
export function sharedSecretKeys(secret: string): TokenKeys {
  const key = Buffer.from(secret, 'utf8');
  const usable = algorithms.filter(([, minBytes]) => key.length >= minBytes).map(([name]) => name);
  if (usable.length === 0) throw new Error('must have 32 bytes or more');
  return { keys: async () => key, algorithms: usable };
}
