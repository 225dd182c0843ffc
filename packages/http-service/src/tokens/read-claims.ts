import type { Grant, Scope } from './grant.ts';

/** The names of the claims and scopes in the issuer's tokens. */
export interface ClaimNames {
  readonly tenants: string;
  readonly scope: string;
  readonly readScope: string;
  readonly adminScope: string;
}

/** A longer list would make each request slow. */
const maxTenants = 1_000;

/** What a token grants. A claim that is missing or has another form grants nothing. */
export function readClaims(claims: Readonly<Record<string, unknown>>, names: ClaimNames): Grant {
  const { exp } = claims;
  return {
    tenants: tenantsIn(own(claims, names.tenants)),
    scopes: scopesIn(own(claims, names.scope), names),
    ...(typeof exp === 'number' && { expiresAt: exp * 1_000 }),
  };
}

function own(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function tenantsIn(claim: unknown): Grant['tenants'] {
  if (claim === '*') return '*';
  const listed = typeof claim === 'string' ? [claim] : Array.isArray(claim) ? claim : [];
  const names = listed.slice(0, maxTenants).filter((each) => typeof each === 'string' && each !== '');
  return names.includes('*') ? '*' : new Set(names as string[]);
}

/** RFC 6749 §3.3 separates scopes by spaces; some issuers write a list. */
function scopesIn(claim: unknown, { readScope, adminScope }: ClaimNames): ReadonlySet<Scope> {
  const words: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  const scopes = new Set<Scope>();
  if (words.includes(readScope)) scopes.add('read');
  if (words.includes(adminScope)) scopes.add('admin');
  return scopes;
}
