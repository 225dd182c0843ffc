import type { Client } from '@rollcall/postgres';
import { rowsBefore, type DeviceSearchQuery, type SearchPage, type SearchQuery } from '../registry-search.ts';
import type { StoredDevice, StoredTenant } from '../registry-store.ts';
import { filterSql, orderSql, Values } from './filter-sql.ts';
import { deviceColumns, deviceIn, tenantColumns, tenantIn, type DeviceRow, type TenantRow } from './rows.ts';

/** SQL for every gateway of a tenant once: named by `via`, or in a group. It looks up each next name in the index. */
function gatewaysOf(tenant: string): string {
  return `
    WITH RECURSIVE named (id) AS (
      SELECT min(gateway) FROM vias WHERE tenant = ${tenant}
      UNION ALL
      SELECT (SELECT min(gateway) FROM vias WHERE tenant = ${tenant} AND gateway > named.id)
      FROM named WHERE named.id IS NOT NULL
    )
    SELECT id FROM named WHERE id IS NOT NULL UNION SELECT device FROM members WHERE tenant = ${tenant}`;
}

export async function searchTenants(client: Client, query: SearchQuery): Promise<SearchPage<StoredTenant>> {
  const values = new Values();
  const where = ['true', ...query.filters.map((each) => filterSql(each, values))].join(' AND ');
  const total = await count(client, `SELECT count(*) AS total FROM tenants AS here WHERE ${where}`, values);
  if (rowsBefore(query) >= total) return { total, found: [] };
  const rows = await page<TenantRow>(client, `${tenantColumns} FROM tenants AS here`, where, query, values);
  return { total, found: rows.map(tenantIn) };
}

export async function searchDevices(
  client: Client,
  tenant: string,
  query: DeviceSearchQuery,
): Promise<SearchPage<StoredDevice>> {
  const values = new Values();
  const of = values.add(tenant);
  const isThere = `EXISTS (SELECT 1 FROM tenants WHERE tenants.id = ${of})`;
  const { isGateway, filters } = query;
  const where = [
    `here.tenant = ${of} AND ${isThere}`,
    ...(isGateway === undefined ? [] : [`here.id ${isGateway ? '' : 'NOT '}IN (${gatewaysOf(of)})`]),
    ...filters.map((each) => filterSql(each, values)),
  ].join(' AND ');
  const isAll = filters.length === 0 && isGateway === undefined;
  const counting = isAll
    ? `SELECT devices AS total FROM device_counts WHERE tenant = ${of} AND ${isThere}`
    : `SELECT count(*) AS total FROM devices AS here WHERE ${where}`;
  const total = await count(client, counting, values);
  if (rowsBefore(query) >= total) return { total, found: [] };
  const rows = await page<DeviceRow>(client, `${deviceColumns} FROM devices AS here`, where, query, values);
  return { total, found: rows.map(deviceIn) };
}

async function count(client: Client, text: string, values: Values): Promise<number> {
  const { rows } = await client.query<{ readonly total: number }>(text, [...values.all]);
  return rows[0]?.total ?? 0;
}

async function page<Row extends object>(
  client: Client,
  what: string,
  where: string,
  query: SearchQuery,
  values: Values,
): Promise<readonly Row[]> {
  const by = orderSql(query.order, values);
  const bounds = `LIMIT ${values.add(query.pageSize)} OFFSET ${values.add(rowsBefore(query))}`;
  const { rows } = await client.query<Row>(
    `SELECT ${what} WHERE ${where} ORDER BY ${by} ${bounds}`,
    values.all,
  );
  return rows;
}
