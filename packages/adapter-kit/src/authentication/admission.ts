import type { AuthenticatedDevice, Refusal, RefusalReason } from '../protocol-adapter.ts';
import { refusalTexts } from './refusal-texts.ts';

interface Counts {
  readonly count: number;
  countOf(tenant: string): number;
}

/** Whether one more connection is within the limits of the adapter and of the device's tenant; `undefined` means yes. */
export function admit(
  identity: AuthenticatedDevice,
  open: Counts,
  maxConnections: number,
): Refusal | undefined {
  const { maxConnections: tenantLimit } = identity.tenant.limits;
  if (open.count >= maxConnections) return refusal('adapter-connections-exceeded');
  if (tenantLimit !== undefined && open.countOf(identity.device.tenant) >= tenantLimit)
    return refusal('tenant-connections-exceeded');
  return undefined;
}

function refusal(reason: RefusalReason): Refusal {
  return { reason, text: refusalTexts[reason] };
}
