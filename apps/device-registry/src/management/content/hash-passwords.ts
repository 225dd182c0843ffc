import { busy } from '../faults/registry-error.ts';
import type { WantedCredential, WantedSecret } from './wanted-credentials.ts';

/** Hashes passwords off the event loop. `undefined`: too many wait. */
export interface PasswordHasher {
  hash(owner: string, password: string, cost: number): Promise<string | undefined>;
}

/** Replaces passwords by their hashes. @throws RegistryError if too many wait to be hashed. */
export async function hashPasswords(
  credentials: readonly WantedCredential[],
  owner: string,
  cost: number,
  hasher: PasswordHasher,
): Promise<readonly WantedCredential[]> {
  const hashed: WantedCredential[] = [];
  for (const each of credentials) {
    const secrets: WantedSecret[] = [];
    for (const { 'pwd-plain': plain, ...secret } of each.secrets) {
      if (plain === undefined) secrets.push(secret);
      else {
        const hash = await hasher.hash(owner, plain, cost);
        if (hash === undefined) throw busy();
        secrets.push({ ...secret, 'hash-function': 'bcrypt', 'pwd-hash': hash });
      }
    }
    hashed.push({ ...each, secrets });
  }
  return hashed;
}
