import type { AuthenticatedDevice, Refusal, RefusalReason } from '../protocol-adapter.ts';
import { refusalTexts } from './refusal-texts.ts';

interface Counts {
  readonly count: number;
  countOf(tenant: string): number;
}

/**
 * Whether one more connection is within the limits of the adapter and of the device's tenant, if it said whose it is;
 * `undefined` means yes.
 */
export function admit(
  identity: AuthenticatedDevice | undefined,
  open: Counts,
  maxConnections: number,
): Refusal | undefined {
  if (open.count >= maxConnections) return refusal('adapter-connections-exceeded');
  const tenantLimit = identity?.tenant.limits.maxConnections;
  if (identity && tenantLimit !== undefined && open.countOf(identity.device.tenant) >= tenantLimit)
    return refusal('tenant-connections-exceeded');
  return undefined;
}

function refusal(reason: RefusalReason): Refusal {
  return { reason, text: refusalTexts[reason] };
}
