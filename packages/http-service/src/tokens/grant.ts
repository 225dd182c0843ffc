/** What a client may do with the API. */
export type Scope = 'read' | 'admin';

/** What a client may see and do. `admin` includes `read`. */
export interface Grant {
  /** The tenants that the client may see; `*`: all, present and future ones. */
  readonly tenants: ReadonlySet<string> | '*';
  readonly scopes: ReadonlySet<Scope>;
  /** When the grant expires, in milliseconds since the Unix epoch. Absent: never. */
  readonly expiresAt?: number;
}

/** A grant for everything, for a port that needs no token. */
export const everything: Grant = { tenants: '*', scopes: new Set<Scope>(['read', 'admin']) };

export function maySee({ tenants }: Grant, tenant: string): boolean {
  return tenants === '*' || tenants.has(tenant);
}

export function mayDo({ scopes }: Grant, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin');
}
