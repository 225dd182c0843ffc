/** The tenants of devices. The query looks into the index once for each tenant, instead of reading every device. */
export function tenantsSql(after: string, limit: string): string {
  return `WITH RECURSIVE found(tenant) AS (
      SELECT min(tenant) FROM devices WHERE tenant > ${after}
      UNION ALL SELECT (SELECT min(d.tenant) FROM devices d WHERE d.tenant > found.tenant) FROM found
        WHERE found.tenant IS NOT NULL)
    SELECT tenant FROM found WHERE tenant IS NOT NULL LIMIT ${limit}`;
}
