/** What waits for one tenant. */
export interface TenantLoad {
  readonly events: number;
  readonly bytes: number;
  /** How many connections can be left out. */
  readonly pairs: number;
}

export interface QueueBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** The tenants that exceed their share, and have connections that can be left out. */
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
 * Which tenants give way when a bound is exceeded: those with more than their share of it. The bound is shared by all tenants of which
 * events wait. The tenant with most connections that can be left out comes first. If none of these tenants can leave anything out, no
 * tenant gives way: no tenant pays for another.
 */
export function inOrderOfGivingWay<Tenant extends TenantLoad>(
  tenants: Iterable<Tenant>,
  total: TenantLoad,
  bounds: QueueBounds,
): readonly Tenant[] {
  return overTheirShare(tenants, total, bounds).toSorted((one, other) => other.pairs - one.pairs);
}

/** The first of {@link inOrderOfGivingWay}, without sorting: it is called for each event while a bound is exceeded. */
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
