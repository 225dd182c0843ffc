import { createHash } from 'node:crypto';
import type { Grant } from './grant.ts';
import type { ClaimNames } from './read-claims.ts';
import { readGrant, readList, type ListEntry } from './read-list.ts';

/** Tokens that are known by their SHA-256. */
export interface TokenList {
  /** What a token grants; `undefined`: the list does not have it. */
  grantOf(token: string): Grant | undefined;
  readonly size: number;
}

interface KnownToken {
  /** Hexadecimal, in small letters. */
  readonly hash: string;
  readonly grant: Grant;
}

const maxTokens = 10_000;

/**
 * Reads a file of tokens: `{"tokens": [{"sha256": "<hex>", "tenants": ["acme"], "scope": "presence:read"}]}`. The file holds no
 * secret: a token is random and long, and cannot be found from its hash.
 *
 * @throws Error that says what is wrong with the file.
 */
export function readTokenList(text: string, names: ClaimNames): TokenList {
  const known = new Map(
    readList(text, 'tokens', maxTokens).map((entry) => {
      const { hash, grant } = knownToken(entry, names);
      return [hash, grant] as const;
    }),
  );
  return {
    size: known.size,
    // An attacker cannot choose the hash of a guess, so the time of this look-up reveals nothing about valid tokens. A look-up takes the
    // same time with many tokens as with one.
    grantOf: (token) => known.get(createHash('sha256').update(token).digest('hex')),
  };
}

function knownToken(entry: ListEntry, names: ClaimNames): KnownToken {
  const { sha256: hash } = entry.fields;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/i.test(hash))
    throw entry.wrong('has no sha256 of 64 hexadecimal digits');
  return { hash: hash.toLowerCase(), grant: readGrant(entry, names) };
}
