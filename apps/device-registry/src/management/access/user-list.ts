import type { PasswordSecret } from '@rollcall/core/registry';
import { readGrant, type ClaimNames, type Grant } from '@rollcall/http-service/grants';
import { readList, type ListEntry } from '@rollcall/http-service/tokens';

/** A user that may log in with a password. */
export interface KnownUser {
  readonly name: string;
  readonly secret: PasswordSecret;
  readonly grant: Grant;
}

const maxUsers = 1_000;
const hashFunctions: ReadonlySet<unknown> = new Set<PasswordSecret['hashFunction']>([
  'sha-256',
  'sha-512',
  'bcrypt',
]);

/**
 * Reads a file of users: `{"users": [{"name": "…", "hash-function": "…", "pwd-hash": "…", "salt": "…", "tenants": "*", "scope":
 * "registry:admin"}]}`. The fields of the password are those that `rollcall registry hash` prints.
 *
 * @throws Error that says what is wrong with the file.
 */
export function readUserList(text: string, names: ClaimNames): ReadonlyMap<string, KnownUser> {
  const users = readList(text, 'users', maxUsers).map((entry) => readUser(entry, names));
  const known = new Map(users.map((user) => [user.name, user]));
  if (known.size < users.length) throw new Error('has a name twice');
  return known;
}

function readUser(entry: ListEntry, names: ClaimNames): KnownUser {
  const { name, salt, 'hash-function': hashFunction, 'pwd-hash': pwdHash } = entry.fields;
  // RFC 7617 §2: the first colon ends the name.
  if (typeof name !== 'string' || name === '' || name.includes(':'))
    throw entry.wrong('has no name, or one with a colon');
  if (!hashFunctions.has(hashFunction) || typeof pwdHash !== 'string')
    throw entry.wrong('has no hash-function sha-256, sha-512 or bcrypt, or no pwd-hash');
  if (salt !== undefined && typeof salt !== 'string') throw entry.wrong('has a salt that is no text');
  const secret = {
    hashFunction: hashFunction as PasswordSecret['hashFunction'],
    pwdHash,
    ...(salt !== undefined && { salt }),
  };
  return { name, secret, grant: readGrant(entry, names) };
}
