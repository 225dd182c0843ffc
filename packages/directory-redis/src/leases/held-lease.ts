import type { ConnectionId, Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import type { HeldLease } from '@rollcall/core/directory';
import { HeldConnection } from '../state/held-connection.ts';
import { readBody } from '../wire/body.ts';
import { readClaim } from '../wire/claim.ts';
import { deviceNamed } from '../wire/field-text.ts';
import { readRecord } from '../wire/record.ts';
import { shortId } from '../wire/short-id.ts';
import { leaseState } from './lease-state.ts';

export interface FoundLease {
  readonly lease: HeldLease;
  readonly epoch: string;
  readonly claimedAtMs: number;
}

/**
 * A lease from its claim and record.
 *
 * @param engineMs the engine's clock now.
 * @returns `undefined`: they are not a lease; `claimedAtMs`: see {@link HeldConnection}.
 */
export function heldLease(
  claimText: unknown,
  recordText: unknown,
  holder: AdapterIdentity,
  engineMs: number,
): FoundLease | undefined {
  const claim = readClaim(claimText);
  const record = readRecord(recordText);
  const device = record && deviceNamed(record.device);
  if (!claim || !record || !device) return undefined;
  const identity = { ...holder, instance: claim.instance };
  const open = readBody(record.body, device, claim.connection as ConnectionId, identity);
  if (!open?.lease) return undefined;
  const { slot } = open.lease;
  const state = leaseState(open.lease, engineMs);
  return {
    lease: {
      ...{ event: open.event, slot, state, instance: claim.instance },
      ...(open.claimedAtMs !== undefined && { connectedAgoMs: Math.max(0, engineMs - open.claimedAtMs) }),
    },
    epoch: claim.epoch,
    claimedAtMs: open.claimedAtMs ?? 0,
  };
}

/** A lease of another incarnation, as this one holds it from now on. */
export function takenOn(
  { lease: { event, slot, state, instance }, epoch, claimedAtMs }: FoundLease,
  now: Instant,
): HeldConnection {
  const held = new HeldConnection({ event, slot }, { state, at: later(now, 0) });
  held.epoch = epoch;
  held.claimedAtMs = claimedAtMs;
  held.moved = true;
  held.known = true;
  held.takenFrom = shortId(instance);
  return held;
}
