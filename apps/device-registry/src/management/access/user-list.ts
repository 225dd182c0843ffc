import type { PasswordSecret } from '@rollcall/core/registry';
import type { ClaimNames, Grant } from '@rollcall/http-service';
import { readClaims } from '@rollcall/http-service';

/** Who may log in with a password. */
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
  const users = usersIn(text).map((entry, index) => readUser(entry, index, names));
  const known = new Map(users.map((user) => [user.name, user]));
  if (known.size < users.length) throw new Error('has a name twice');
  return known;
}

function readUser(entry: unknown, index: number, names: ClaimNames): KnownUser {
  const wrong = (why: string): Error => new Error(`user ${index + 1} ${why}`);
  if (typeof entry !== 'object' || entry === null) throw wrong('is no object');
  const { name, tenants, scope, salt, ...rest } = entry as Readonly<Record<string, unknown>>;
  const { 'hash-function': hashFunction, 'pwd-hash': pwdHash } = rest;
  // RFC 7617 §2: the first colon ends the name.
  if (typeof name !== 'string' || name === '' || name.includes(':'))
    throw wrong('has no name, or one with a colon');
  if (!hashFunctions.has(hashFunction) || typeof pwdHash !== 'string')
    throw wrong('has no hash-function sha-256, sha-512 or bcrypt, or no pwd-hash');
  if (salt !== undefined && typeof salt !== 'string') throw wrong('has a salt that is no text');
  const grant = readClaims({ [names.tenants]: tenants, [names.scope]: scope }, names);
  if (grant.tenants !== '*' && grant.tenants.size === 0) throw wrong('has no tenants: give a list, or *');
  if (grant.scopes.size === 0) throw wrong(`has no scope ${names.readScope} or ${names.adminScope}`);
  const secret = {
    hashFunction: hashFunction as PasswordSecret['hashFunction'],
    pwdHash,
    ...(salt !== undefined && { salt }),
  };
  return { name, secret, grant };
}

function usersIn(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('is not JSON');
  }
  const users = (parsed as { readonly users?: unknown } | null)?.users;
  if (!Array.isArray(users)) throw new Error('has no list of users');
  if (users.length > maxUsers) throw new Error(`has more than ${maxUsers} users`);
  return users;
}
