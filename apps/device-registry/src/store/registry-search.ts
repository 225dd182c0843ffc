/** A value to search for. In strings, `*` stands for any number of characters, and `?` for one. */
export type FilterValue = string | number | boolean;

export interface SearchFilter {
  /** The path to the member in the content (RFC 6901, unescaped); `['id']`: the id. If it is a list, any element may match. */
  readonly path: readonly string[];
  /** `eq` has one value. `not-in` also matches if the member is missing. */
  readonly op: 'eq' | 'in' | 'not-in';
  readonly values: readonly FilterValue[];
}

export interface SearchOrder {
  readonly path: readonly string[];
  readonly isDescending: boolean;
}

export interface SearchQuery {
  /** At least 1. */
  readonly pageSize: number;
  /** Pages before this one. */
  readonly pageIndex: number;
  /** All of them must match. */
  readonly filters: readonly SearchFilter[];
  /** The first takes precedence over the second, and so on. Last of all, the id decides. */
  readonly order: readonly SearchOrder[];
}

export interface DeviceSearchQuery extends SearchQuery {
  /** Only gateways, or only other devices. A gateway is in the `via` of a device, or has `memberOf`. Absent: all devices. */
  readonly isGateway?: boolean;
}

export interface SearchPage<Found> {
  /** All that match, on all pages. */
  readonly total: number;
  readonly found: readonly Found[];
}

/** Rows that are skipped without being read take little time up to this number of them. */
const nearRows = 10_000;

/** Whether a search may read all entries: it has a filter, another order than that of the ids, or a page that is far from the first. */
export function looksAtMany(query: SearchQuery | DeviceSearchQuery): boolean {
  const isOfGateways = 'isGateway' in query && query.isGateway !== undefined;
  return query.filters.length > 0 || query.order.length > 0 || isOfGateways || rowsBefore(query) > nearRows;
}

/** How many rows are on the pages before. */
export function rowsBefore({ pageSize, pageIndex }: SearchQuery): number {
  return pageSize * pageIndex;
}
