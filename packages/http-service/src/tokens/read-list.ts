import type { Grant } from './grant.ts';
import { readClaims, type ClaimNames } from './read-claims.ts';

/** An entry of a list. `wrong` makes an error that names the entry and its mistake. */
export interface ListEntry {
  readonly fields: Readonly<Record<string, unknown>>;
  wrong(why: string): Error;
}

/**
 * Reads a file with a list of clients: `{"tokens": [{…}]}`.
 *
 * @param name the name of the list, in the plural.
 * @throws Error that says what is wrong with the file.
 */
export function readList(text: string, name: 'tokens' | 'users', maxEntries: number): readonly ListEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The message of the parser would quote the text.
    throw new Error('is not JSON');
  }
  const entries = (parsed as Readonly<Record<string, unknown>> | null)?.[name];
  if (!Array.isArray(entries)) throw new Error(`has no list of ${name}`);
  if (entries.length > maxEntries) throw new Error(`has more than ${maxEntries} ${name}`);
  return entries.map((entry: unknown, index) => {
    const wrong = (why: string): Error => new Error(`${name.slice(0, -1)} ${index + 1} ${why}`);
    if (typeof entry !== 'object' || entry === null) throw wrong('is no object');
    return { fields: entry as ListEntry['fields'], wrong };
  });
}

/** What the fields `tenants` and `scope` of an entry grant, which must be something. @throws Error that says what is missing. */
export function readGrant({ fields, wrong }: ListEntry, names: ClaimNames): Grant {
  const { tenants, scope } = fields;
  const grant = readClaims({ [names.tenants]: tenants, [names.scope]: scope }, names);
  if (grant.tenants !== '*' && grant.tenants.size === 0) throw wrong('has no tenants: give a list, or *');
  if (grant.scopes.size === 0) throw wrong(`has no scope ${names.readScope} or ${names.adminScope}`);
  return grant;
}
