import { createHash } from 'node:crypto';
import type { Grant } from './grant.ts';
import { readClaims, type ClaimNames } from './read-claims.ts';

/** Tokens that are known by their SHA-256. */
export interface TokenList {
  /** What a token grants; `undefined`: it is none of them. */
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
    tokensIn(text).map((entry, index) => {
      const { hash, grant } = knownToken(entry, index, names);
      return [hash, grant] as const;
    }),
  );
  return {
    size: known.size,
    // Whoever guesses cannot choose the hash of a guess: how long this takes says nothing of a token, and guesses cost no more with
    // many tokens than with one.
    grantOf: (token) => known.get(createHash('sha256').update(token).digest('hex')),
  };
}

function knownToken(entry: unknown, index: number, names: ClaimNames): KnownToken {
  const wrong = (why: string): Error => new Error(`token ${index + 1} ${why}`);
  if (typeof entry !== 'object' || entry === null) throw wrong('is no object');
  const { sha256: hash, tenants, scope } = entry as Readonly<Record<string, unknown>>;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/i.test(hash))
    throw wrong('has no sha256 of 64 hexadecimal digits');
  const grant = readClaims({ [names.tenants]: tenants, [names.scope]: scope }, names);
  if (grant.tenants !== '*' && grant.tenants.size === 0) throw wrong('has no tenants: give a list, or *');
  if (grant.scopes.size === 0) throw wrong(`has no scope ${names.readScope} or ${names.adminScope}`);
  return { hash: hash.toLowerCase(), grant };
}

function tokensIn(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('is not JSON');
  }
  const tokens = (parsed as { readonly tokens?: unknown } | null)?.tokens;
  if (!Array.isArray(tokens)) throw new Error('has no list of tokens');
  if (tokens.length > maxTokens) throw new Error(`has more than ${maxTokens} tokens`);
  return tokens;
}
