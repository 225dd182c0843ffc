import { disconnectReasons } from '@rollcall/core/events';
import type { ApiContext } from './api-context.ts';
import { badInput } from './problem.ts';

/**
 * Refuses a reason that is neither in the contract nor in use by a device: it is probably a typing error. Adapters of a later version may
 * have more reasons. Call this if nothing was found.
 *
 * @throws Problem
 */
export async function refuseUnknownReason(
  { store, turns }: Pick<ApiContext, 'store' | 'turns'>,
  tenant: string,
  { reason, after }: { readonly reason?: string; readonly after?: unknown },
): Promise<void> {
  // A later page belongs to a request that was answered before.
  if (reason === undefined || after !== undefined || Object.hasOwn(disconnectReasons, reason)) return;
  const reasons = await turns.take(tenant, () => store.reasons(tenant));
  if (reasons.includes(reason)) return;
  const known = [...new Set([...Object.keys(disconnectReasons), ...reasons])];
  throw badInput('reason', `must be one of ${known.slice(0, maxShown).join(', ')}`);
}

/** There may be many reasons of other adapters. */
const maxShown = 50;
