import type { TokenKeys } from '@rollcall/http-service/tokens';

/** The minimum length of a secret in bytes: that of the algorithm's hash (RFC 7518 §3.2). */
const algorithms = [
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
] as const;

/** The keys of tokens that are signed with a secret shared by the auth server and its services. @throws Error if it is too short. */
export function sharedSecretKeys(secret: string): TokenKeys {
  const key = Buffer.from(secret, 'utf8');
  const usable = algorithms.filter(([, minBytes]) => key.length >= minBytes).map(([name]) => name);
  if (usable.length === 0) throw new Error('must have 32 bytes or more');
  return { keys: async () => key, algorithms: usable };
}
