/**
 * Fills a tenant into an address: `{tenant}` as it is, `{tenant:pct}` percent-encoded, for networks in whose addresses
 * a slash means something.
 */
export function addressFor(template: string, tenant: string): string {
  return template.replaceAll('{tenant}', tenant).replaceAll('{tenant:pct}', encodeURIComponent(tenant));
}
