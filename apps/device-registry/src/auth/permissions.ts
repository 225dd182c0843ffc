import { createHash, randomBytes } from 'node:crypto';
import type { Credentials, PasswordSecret } from '@rollcall/core/registry';
import { z } from 'zod';
import { passwordCredentials } from './password-credentials.ts';
import { claimOf, rightsOf, type Rights } from './rights.ts';

/** A client that may log in with a password. */
export interface PermittedUser {
  readonly name: string;
  readonly credentials: Credentials<'hashed-password'>;
  readonly rights: Rights;
  /** Whether it may act as another user. */
  readonly mayActAsOthers: boolean;
}

/** The users that may log in, and their rights. */
export interface Permissions {
  user(name: string): PermittedUser | undefined;
  readonly size: number;
}

const activities = z.array(z.enum(['READ', 'WRITE', 'EXECUTE']));
const authority = z.union(
  [
    z.strictObject({ resource: z.string(), activities }),
    z.strictObject({ operation: z.string(), activities }),
  ],
  'must have activities, and either resource or operation',
);
const user = z
  .strictObject({
    mechanism: z.enum(['PLAIN', 'EXTERNAL']),
    password: z.string().optional(),
    'hash-function': z.enum(['sha-256', 'sha-512', 'bcrypt']).optional(),
    'pwd-hash': z.string().optional(),
    salt: z.base64().optional(),
    authorities: z.array(z.string()).default([]),
  })
  .refine(
    (each) =>
      each.mechanism === 'EXTERNAL' ||
      (each.password === undefined) !==
        (each['pwd-hash'] === undefined || each['hash-function'] === undefined),
    'must have a password, or pwd-hash with hash-function, and not both',
  );
const content = z.strictObject({
  roles: z.record(z.string(), z.array(authority)).default({}),
  users: z.record(z.string(), user),
});

type UserContent = z.output<typeof user>;
type Roles = z.output<typeof content>['roles'];

/** The authority of Hono's own components. */
const componentAuthority = 'hono-component';

/**
 * Reads users and roles in the format of Hono's auth server (`permissions.json`). A user may have `hash-function`, `pwd-hash` and `salt`
 * instead of a `password`. Users of the mechanism EXTERNAL cannot log in here. As in Hono, roles that do not exist are ignored.
 *
 * @throws Error that says what is wrong with the text. It has no secret in it.
 */
export function readPermissions(text: string): Permissions {
  const read = content.safeParse(parse(text));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Error(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  const { roles, users } = read.data;
  const permitted = new Map(
    Object.entries(users)
      .filter(([, { mechanism }]) => mechanism === 'PLAIN')
      .map(([name, each]) => [name, permittedUser(name, each, roles)] as const),
  );
  return { user: (name) => permitted.get(name), size: permitted.size };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw new Error('it is not JSON');
  }
}

function permittedUser(name: string, each: UserContent, roles: Roles): PermittedUser {
  const granted = each.authorities.flatMap((role) => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : []));
  return {
    name,
    credentials: passwordCredentials(name, secretOf(each)),
    rights: rightsOf(granted.map((right) => claimOf(right, right.activities))),
    mayActAsOthers: each.authorities.includes(componentAuthority),
  };
}

function secretOf(each: UserContent): PasswordSecret {
  const { password, salt } = each;
  if (password !== undefined) return hashedPassword(password);
  return {
    hashFunction: each['hash-function'] ?? 'bcrypt',
    pwdHash: each['pwd-hash'] ?? '',
    ...(salt !== undefined && { salt }),
  };
}

/** Hashes a plain password of the file, so that it is compared in the same way as a hashed one. */
export function hashedPassword(password: string | Uint8Array): PasswordSecret {
  const salt = randomBytes(16);
  return {
    hashFunction: 'sha-256',
    pwdHash: createHash('sha256').update(salt).update(password).digest('base64'),
    salt: salt.toString('base64'),
  };
}
