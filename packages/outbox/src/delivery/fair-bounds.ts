/** What one tenant has waiting. */
export interface TenantLoad {
  readonly events: number;
  readonly bytes: number;
  /** Connections that can be left out. */
  readonly pairs: number;
}

export interface QueueBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Those that have more than their share, and can leave something out. */
function overTheirShare<Tenant extends TenantLoad>(
  tenants: Iterable<Tenant>,
  total: TenantLoad,
  bounds: QueueBounds,
): readonly Tenant[] {
  const waiting = [...tenants].filter(({ events }) => events > 0);
  const eventShare = total.events > bounds.maxEvents ? bounds.maxEvents / waiting.length : Infinity;
  const byteShare = total.bytes > bounds.maxBytes ? bounds.maxBytes / waiting.length : Infinity;
  return waiting.filter(
    ({ events, bytes, pairs }) => pairs > 0 && (events > eventShare || bytes > byteShare),
  );
}

/**
 * Who gives way when more waits than may: tenants that have more than their share of the bound, divided by the tenants of which
 * anything waits; first the one with most connections that can be left out. Where none of those can leave anything out, no
 * tenant gives way: no tenant pays for another.
 */
export function inOrderOfGivingWay<Tenant extends TenantLoad>(
  tenants: Iterable<Tenant>,
  total: TenantLoad,
  bounds: QueueBounds,
): readonly Tenant[] {
  return overTheirShare(tenants, total, bounds).toSorted((one, other) => other.pairs - one.pairs);
}

/** The first of {@link inOrderOfGivingWay}, without sorting: it is asked for with each event while more waits than may. */
export function firstToGiveWay<Tenant extends TenantLoad>(
  tenants: Iterable<Tenant>,
  total: TenantLoad,
  bounds: QueueBounds,
): Tenant | undefined {
  let first: Tenant | undefined;
  for (const tenant of overTheirShare(tenants, total, bounds))
    if (!first || tenant.pairs > first.pairs) first = tenant;
  return first;
}
