/** The tenants of devices, one look into the index for each: not every device is looked at. */
export function tenantsSql(after: string, limit: string): string {
  return `WITH RECURSIVE found(tenant) AS (
      SELECT min(tenant) FROM devices WHERE tenant > ${after}
      UNION ALL SELECT (SELECT min(d.tenant) FROM devices d WHERE d.tenant > found.tenant) FROM found
        WHERE found.tenant IS NOT NULL)
    SELECT tenant FROM found WHERE tenant IS NOT NULL LIMIT ${limit}`;
}
