import {
  disconnectReasons,
  isExactlyKnown,
  type AdapterIdentity,
  type Clock,
  type ConnectedChange,
  type ConnectedEvent,
  type ConnectionId,
  type DisconnectedChange,
  type DisconnectedEvent,
  type DisconnectReason,
  type Epoch,
  type EventId,
  type Instant,
  type Random,
  type Timestamp,
} from '@rollcall/core';
import type { OpenEntry } from '../journal/journal.ts';
import type { ConnectionDescription } from '../protocol-adapter.ts';
import { printableCause, printableFacts } from './foreign-text.ts';
import { uuidV7 } from './uuid-v7.ts';

export interface StampContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: AdapterIdentity;
  readonly nextEpoch: () => Epoch;
  readonly exposeRemoteAddress: boolean;
}

/**
 * Turns a tracker's `connected` into the event that leaves the process: a new connection with new ids.
 *
 * @param observedAt when the tracker was told.
 */
export function stampConnected(
  context: StampContext,
  connection: ConnectionDescription,
  change: ConnectedChange,
  observedAt: Instant,
  coalesced: number,
): ConnectedEvent {
  const at = onTheWall(observedAt, context.clock);
  return {
    type: 'connected',
    id: uuidV7(at, context.random) as EventId,
    connectionId: uuidV7(at, context.random) as ConnectionId,
    epoch: context.nextEpoch(),
    device: connection.identity.device,
    adapter: context.identity,
    ...printableFacts(connection, context.exposeRemoteAddress),
    at,
    basis: change.basis,
    ...(coalesced > 0 && { coalesced }),
  };
}

/**
 * Turns a tracker's `disconnected` into the other half of `connected`.
 *
 * Durations come from the monotonic clock, so a step of the wall clock makes neither `lastSeen` later than `at` nor
 * the uncertainty negative.
 *
 * @param observedAt when the tracker was told.
 */
export function stampDisconnected(
  context: StampContext,
  connected: ConnectedEvent,
  change: DisconnectedChange,
  observedAt: Instant,
  coalesced: number,
): DisconnectedEvent {
  const at = onTheWall(observedAt, context.clock);
  // Down, as the wall clock rounds: a device that says nothing after it connected is not last seen before.
  const silentMs = Math.floor(Math.max(0, observedAt - change.lastSeen));
  const exact = change.basis.kind === 'session' && isExactlyKnown(change.reason);
  return {
    ...otherHalf(connected, at, context.random),
    basis:
      change.basis.kind === 'lease' && change.until !== undefined
        ? { ...change.basis, until: Math.round(at + change.until - observedAt) as Timestamp }
        : change.basis,
    lastSeen: (at - silentMs) as Timestamp,
    uncertaintyMs: exact ? 0 : silentMs,
    ...endedBy(change.reason),
    ...(change.clean !== undefined && { clean: change.clean }),
    ...(change.raw !== undefined && { raw: printableCause(change.raw) }),
    ...(coalesced > 0 && { coalesced }),
  };
}

/** What the wall clock says of an instant a moment ago; whole milliseconds, rounded down as the wall clock does. */
export function onTheWall(instant: Instant, clock: Clock): Timestamp {
  return (clock.now() - Math.floor(clock.monotonic() - instant)) as Timestamp;
}

/**
 * The end of a connection that the journal says is open, and that no process holds any more. Its device left some time
 * after it was last noted.
 */
export function stampLost(
  { event, noted }: OpenEntry,
  reason: 'adapter-lost' | 'buried',
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): DisconnectedEvent {
  const lastSeen = noted?.lastSeen ?? event.at;
  // The wall clock may have been set back since.
  const at = Math.max(clock.now(), lastSeen) as Timestamp;
  return {
    ...otherHalf(event, at, random),
    basis: noted?.lease ? { ...noted.lease.basis, until: noted.lease.until } : event.basis,
    lastSeen,
    uncertaintyMs: at - lastSeen,
    ...endedBy(reason),
  };
}

function otherHalf(connected: ConnectedEvent, at: Timestamp, random: Random) {
  const { coalesced: _earlier, ...shared } = connected;
  const id = uuidV7(at, random) as EventId;
  // A journal of an earlier version, or a table that somebody wrote, may hold anything.
  const facts = printableFacts(shared, true);
  return { ...shared, ...facts, type: 'disconnected', id, at, connectedAt: connected.at } as const;
}

function endedBy(reason: DisconnectReason) {
  const { initiator, clean } = disconnectReasons[reason];
  return { reason, initiator, clean };
}
