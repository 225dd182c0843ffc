import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { rowsBefore, type DeviceSearchQuery, type SearchPage, type SearchQuery } from '../registry-search.ts';
import type { StoredDevice, StoredTenant } from '../registry-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { matchesWildcard } from '../wildcard.ts';
import { filterSql, orderSql, type SqlPiece } from './filter-sql.ts';
import { inTransaction } from '@rollcall/runtime/sqlite';
import { deviceColumns, deviceIn, tenantColumns, tenantIn, type Row } from './rows.ts';

/** SQL for every gateway of a tenant once: named by `via`, or in a group. It looks up each next name in the index. */
const gateways = `
  WITH RECURSIVE named (id) AS (
    SELECT min(gateway) FROM vias WHERE tenant = :tenant
    UNION ALL
    SELECT (SELECT min(gateway) FROM vias WHERE tenant = :tenant AND gateway > named.id)
    FROM named WHERE named.id IS NOT NULL
  )
  SELECT id FROM named WHERE id IS NOT NULL UNION SELECT device FROM members WHERE tenant = :tenant`;

/** The entries that a search reads. */
interface Scope {
  readonly table: 'tenants' | 'devices';
  readonly named: Readonly<Record<string, SQLInputValue>>;
  readonly where: SqlPiece;
}

/** How long a search may take, as with PostgreSQL: others wait for it. */
const maxSearchMs = 15_000;
/** Reads the clock for one row of 64: that costs no time, and the slowest filter takes less than 0.2 s for a row. */
const timed: SqlPiece = { sql: '(here.rowid & 63 <> 0 OR in_time())', values: [] };

/** Searches. A page may take as long as reading everything that is stored, up to a limit: then there is none. */
export class Search {
  readonly #database: DatabaseSync;
  readonly #nowMs: () => number;
  #endsAtMs = Infinity;

  /** @param nowMs the time since any moment. */
  constructor(database: DatabaseSync, nowMs: () => number) {
    this.#database = database;
    this.#nowMs = nowMs;
    database.function('in_time', () => this.#requireTime());
    database.function('matches_wildcard', { deterministic: true }, (pattern, text) => {
      this.#requireTime();
      return matchesWildcard(String(pattern), String(text)) ? 1 : 0;
    });
  }

  #requireTime(): 1 {
    if (this.#nowMs() > this.#endsAtMs) throw new StoreUnavailable('the search takes too long');
    return 1;
  }

  /** @throws StoreUnavailable if it takes too long. */
  tenants(query: SearchQuery): SearchPage<StoredTenant> {
    const where = everyOf([...(query.filters.length > 0 ? [timed] : []), ...query.filters.map(filterSql)]);
    const scope: Scope = { table: 'tenants', named: {}, where };
    return this.#page(scope, query, tenantColumns, tenantIn, () => this.#count(scope));
  }

  /** @throws StoreUnavailable if it takes too long. */
  devices(tenant: string, query: DeviceSearchQuery): SearchPage<StoredDevice> {
    const { filters, isGateway } = query;
    const ofTenant = {
      sql: 'here.tenant = :tenant AND EXISTS (SELECT 1 FROM tenants WHERE tenants.id = :tenant)',
      values: [],
    };
    const ofKind =
      isGateway === undefined
        ? []
        : [{ sql: `here.id ${isGateway ? '' : 'NOT '}IN (${gateways})`, values: [] }];
    const isAll = filters.length === 0 && isGateway === undefined;
    const where = everyOf([ofTenant, ...(isAll ? [] : [timed]), ...ofKind, ...filters.map(filterSql)]);
    const scope: Scope = { table: 'devices', named: { tenant }, where };
    return this.#page(scope, query, deviceColumns, deviceIn, () =>
      isAll ? this.#countOfTenant(tenant) : this.#count(scope),
    );
  }

  #page<Found>(
    { table, named, where }: Scope,
    query: SearchQuery,
    columns: string,
    read: (row: Row) => Found,
    count: () => number,
  ): SearchPage<Found> {
    const { sql, values } = orderSql(query.order);
    this.#endsAtMs = this.#nowMs() + maxSearchMs;
    return inTransaction(this.#database, 'BEGIN', () => {
      const total = count();
      // Skipping all rows would take as long as reading them.
      if (rowsBefore(query) >= total) return { total, found: [] };
      // Ids first, then contents: the contents of other pages are never read.
      const places = this.#database
        .prepare(
          `SELECT here.rowid AS place FROM ${table} AS here WHERE ${where.sql} ORDER BY ${sql} LIMIT ? OFFSET ?`,
        )
        .all(named, ...where.values, ...values, query.pageSize, rowsBefore(query));
      const one = this.#database.prepare(`SELECT ${columns} FROM ${table} WHERE rowid = ?`);
      const found = places.map((row) => read(one.get(row['place'] as number) as Row));
      return { total, found };
    });
  }

  #count({ table, named, where }: Scope): number {
    const row = this.#database
      .prepare(`SELECT count(*) AS total FROM ${table} AS here WHERE ${where.sql}`)
      .get(named, ...where.values);
    return Number(row?.['total']);
  }

  #countOfTenant(tenant: string): number {
    const row = this.#database
      .prepare(
        'SELECT devices FROM device_counts WHERE tenant = :tenant AND EXISTS (SELECT 1 FROM tenants WHERE id = :tenant)',
      )
      .get({ tenant });
    return Number(row?.['devices'] ?? 0);
  }
}

function everyOf(pieces: readonly SqlPiece[]): SqlPiece {
  return {
    sql: pieces.length === 0 ? 'TRUE' : pieces.map(({ sql }) => sql).join(' AND '),
    values: pieces.flatMap(({ values }) => values),
  };
}
