import { createHash } from 'node:crypto';
import type { EventId, Timestamp } from '@rollcall/core';
import type { Basis, ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import type { DeadInstance, OwedEnding } from '@rollcall/core/directory';
import { endedBy, otherHalf } from './stamp.ts';
import { uuidV7 } from './uuid-v7.ts';

/**
 * When it was certain that the connection had ended. For a lost lease: when it ran out, as known at the last sign of life of its holder;
 * for all others: when the holder was declared dead.
 */
export function decidedAt({ aliveAt, declaredAt }: DeadInstance, owed: OwedEnding): Timestamp {
  const mayGoOn = owed.lease !== undefined && owed.reason === 'adapter-lost';
  const runsOut = mayGoOn ? aliveAt + (detectWithinMs(basisOf(owed)) ?? 0) : declaredAt;
  return Math.max(declaredAt, runsOut) as Timestamp;
}

/**
 * The ending of a connection of a dead instance. It is made from the record alone, so every instance would publish the same
 * event, under the same id. It has no `ended-epoch`: the clock of the dead instance did not see it.
 */
export function stampOwed(dead: DeadInstance, owed: OwedEnding): DisconnectedEvent {
  const { event, reason } = owed;
  const aheadMs = clockAheadMs(owed);
  const at = Math.max(event.at, decidedAt(dead, owed) + aheadMs) as Timestamp;
  const basis = basisOf(owed);
  const silence = detectWithinMs(basis);
  // A longer silence would have ended it before; but a lease that waits is silent for longer, and its holder does not note that.
  const heardSince = silence === undefined ? event.at : dead.aliveAt - silence;
  const heardAt = Math.min(owed.lease?.heardAt ?? heardSince, heardSince) + aheadMs;
  const lastSeen = Math.min(at, Math.max(event.at, heardAt)) as Timestamp;
  return {
    ...otherHalf(event, at, { random: hashed(event.connectionId, event.adapter.instance) }),
    // A lease may have moved since another adapter published its beginning. The id does not depend on that.
    adapter: owed.lease && !dead.isInvented ? dead.identity : event.adapter,
    id: idOfLost(event, dead),
    basis,
    lastSeen,
    uncertaintyMs: at - lastSeen,
    ...endedBy(reason),
  };
}

/**
 * How far the clock that stamped the beginning was ahead of the engine's: all times of the ending follow that clock, since it cannot be
 * before its beginning. A clock that was behind makes the interval longer, and not wrong.
 */
function clockAheadMs({ event, connectedAt }: OwedEnding): number {
  return connectedAt === undefined ? 0 : Math.max(0, event.at - connectedAt);
}

/** The id of an ending that another instance of the fleet publishes, or its next incarnation: it is the same event in either case. */
export function idOfLost(
  { connectionId, adapter }: Pick<ConnectedEvent, 'connectionId' | 'adapter'>,
  { declaredAt }: Pick<DeadInstance, 'declaredAt'>,
): EventId {
  return uuidV7(declaredAt, hashed(connectionId, adapter.instance)) as EventId;
}

/** The same bytes each time, in place of random ones. */
function hashed(connection: string, instance: string) {
  const hash = createHash('sha256').update(`${connection}\n${instance}`).digest();
  return { next: () => 0, bytes: (length: number) => hash.subarray(0, length) };
}

/** The interval of a lease changes while it lasts: that of its beginning says nothing about its end. */
function basisOf({ event, lease }: OwedEnding): Basis {
  return lease?.state.basis ?? event.basis;
}

function detectWithinMs(basis: Basis): number | undefined {
  if (basis.kind === 'session') return basis.detectWithinMs ?? undefined;
  return basis.detectWithinMs ?? basis.intervalMs;
}
