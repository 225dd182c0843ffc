import { disconnectReasons } from '@rollcall/core/events';
import type { ApiContext } from './api-context.ts';
import { badInput } from './problem.ts';

/**
 * A reason that nothing has is a slip of the pen, unless the contract has it. Adapters of a later version may have more reasons: one
 * that a device has is no mistake. To be called where nothing was found.
 *
 * @throws Problem
 */
export async function refuseUnknownReason(
  { store, turns }: Pick<ApiContext, 'store' | 'turns'>,
  tenant: string,
  { reason, after }: { readonly reason?: string; readonly after?: unknown },
): Promise<void> {
  // A page behind another one belongs to a question that was answered.
  if (reason === undefined || after !== undefined || Object.hasOwn(disconnectReasons, reason)) return;
  const reasons = await turns.take(tenant, () => store.reasons(tenant));
  if (reasons.includes(reason)) return;
  const known = [...new Set([...Object.keys(disconnectReasons), ...reasons])];
  throw badInput('reason', `must be one of ${known.slice(0, maxShown).join(', ')}`);
}

/** Those of others may be many. */
const maxShown = 50;
