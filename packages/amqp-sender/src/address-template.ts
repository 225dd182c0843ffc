/**
 * Reads an address with a place for the tenant: `{tenant}` as it is, `{tenant:pct}` percent-encoded, for networks in whose
 * addresses a slash means something. The result fills a tenant in.
 */
export function addressTemplate(template: string): (tenant: string) => string {
  const [first = '', ...parts] = template.split(/(\{tenant(?::pct)?\})/);
  return (tenant) => {
    let address = first;
    for (const part of parts)
      address += part === '{tenant}' ? tenant : part === '{tenant:pct}' ? encodeURIComponent(tenant) : part;
    return address;
  };
}
