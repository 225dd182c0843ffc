/** A value that is looked for. In strings, `*` stands for any number of characters, and `?` for one. */
export type FilterValue = string | number | boolean;

export interface SearchFilter {
  /** Names from the root of the content to the member (RFC 6901, unescaped); `['id']`: the id itself. Of a list, any element. */
  readonly path: readonly string[];
  /** `eq` has one value; `not-in` holds also where the member is missing. */
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
  /** All of them must hold. */
  readonly filters: readonly SearchFilter[];
  /** The first goes before the second. Where nothing else decides, the id does. */
  readonly order: readonly SearchOrder[];
}

export interface DeviceSearchQuery extends SearchQuery {
  /** A gateway is in `via` of some device, or has `memberOf`. Absent: both kinds. */
  readonly isGateway?: boolean;
}

export interface SearchPage<Found> {
  /** All that match, on all pages. */
  readonly total: number;
  readonly found: readonly Found[];
}

/** Whether it takes as long as there are entries: a filter, or another order than that of the ids. */
export function looksAtAll(query: SearchQuery | DeviceSearchQuery): boolean {
  const isOfGateways = 'isGateway' in query && query.isGateway !== undefined;
  return query.filters.length > 0 || query.order.length > 0 || isOfGateways;
}
