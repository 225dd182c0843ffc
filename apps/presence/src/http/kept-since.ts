import type { ApiContext } from './api-context.ts';

/**
 * Since when all connections of a tenant are kept: those that ended earlier may have been dropped. A retention that is longer than it
 * was brings none of them back.
 */
export async function keptSince(
  { store, clock, retention }: Pick<ApiContext, 'store' | 'clock' | 'retention'>,
  tenant: string,
): Promise<number> {
  const keptMs = retention.tenantMs.get(tenant) ?? retention.defaultMs;
  return Math.max(clock.now() - keptMs, (await store.droppedThroughMs(tenant)) ?? Number.NEGATIVE_INFINITY);
}
