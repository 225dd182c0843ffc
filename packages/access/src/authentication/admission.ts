import type { DeviceRef } from '@rollcall/core';
import type { AuthenticatedDevice, Refusal, RefusalReason } from '../authentication-result.ts';
import { refusalTexts } from './refusal-texts.ts';

interface Counts {
  readonly count: number;
  countOf(tenant: string): number;
  /** Whether the device may have one more session, with at most `limit` of them. */
  makeRoomFor(device: DeviceRef, limit: number): boolean;
  /** The connection whose place it takes over, here or at another adapter. Absent: it needs a place of its own. */
  readonly takesOver?: 'here' | 'elsewhere' | undefined;
}

interface Limits {
  readonly maxConnections: number;
  /** Where the registry says nothing; 0: any number. */
  readonly maxSessionsPerDevice: number;
}

/**
 * Whether one more connection is within the limits of the adapter, of the device and of its tenant, if it said whose it is;
 * `undefined` means yes.
 */
export function admit(
  identity: AuthenticatedDevice | undefined,
  open: Counts,
  { maxConnections, maxSessionsPerDevice }: Limits,
): Refusal | undefined {
  if (open.count >= maxConnections && open.takesOver !== 'here')
    return refusal('adapter-connections-exceeded');
  const tenantLimit = identity?.tenant.limits.maxConnections;
  const isFull = identity && tenantLimit !== undefined && open.countOf(identity.device.tenant) >= tenantLimit;
  if (isFull && !open.takesOver) return refusal('tenant-connections-exceeded');
  // Last: a session may have to end for it.
  if (
    identity &&
    !open.makeRoomFor(identity.device, identity.maxConnectionsPerDevice ?? maxSessionsPerDevice)
  )
    return refusal('device-connections-exceeded');
  return undefined;
}

function refusal(reason: RefusalReason): Refusal {
  return { reason, text: refusalTexts[reason] };
}
