/** What somebody may do with the API. */
export type Scope = 'read' | 'admin';

/** What a client may see and do. `admin` includes `read`. */
export interface Grant {
  /** Tenants that may be asked about; `*`: all of them, also those that come later. */
  readonly tenants: ReadonlySet<string> | '*';
  readonly scopes: ReadonlySet<Scope>;
  /** Milliseconds since the Unix epoch: what was granted ends then. Absent: it does not end by itself. */
  readonly expiresAt?: number;
}

/** Everything: for a port that is open to all who reach it. */
export const everything: Grant = { tenants: '*', scopes: new Set<Scope>(['read', 'admin']) };

export function maySee({ tenants }: Grant, tenant: string): boolean {
  return tenants === '*' || tenants.has(tenant);
}

export function mayDo({ scopes }: Grant, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin');
}
