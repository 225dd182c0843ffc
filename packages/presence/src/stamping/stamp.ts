import type { ConnectionId, Epoch, EventId, Instant, TenantId, Timestamp } from '@rollcall/core';
import type { Clock, Random } from '@rollcall/core/environment';
import {
  disconnectReasons,
  type AdapterIdentity,
  type ConnectedEvent,
  type DisconnectedEvent,
  type DisconnectReason,
} from '@rollcall/core/events';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import { isExactlyKnown, type ConnectedChange, type JournalFacts } from '@rollcall/core/internal';
import type { OpenEntry } from '@rollcall/outbox';
import type { ConnectionDescription } from '../host-presence.ts';
import type { LoopWatch } from '@rollcall/runtime';
import { printableCause, printableFacts } from './foreign-text.ts';
import { uuidV7 } from './uuid-v7.ts';
import type { WallOffset, WallTime } from './wall-time.ts';

export interface StampContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: AdapterIdentity;
  readonly nextEpoch: () => Epoch;
  readonly exposeRemoteAddress: boolean;
  /** The journal facts for the next event to this tenant, if any. */
  journalFor(tenant: TenantId): JournalFacts | undefined;
  readonly loop: Pick<LoopWatch, 'latenessMs'>;
  readonly wall: WallTime;
}

/** A connection that was stamped. */
export interface StampedConnection {
  readonly event: ConnectedEvent;
  /** The wall offset at its beginning; absent: an earlier incarnation stamped it. */
  readonly began?: WallOffset;
}

/**
 * Turns a tracker's `connected` into the event to publish: a new connection with new ids.
 *
 * @param observedAt when the signal was reported to the tracker.
 */
export function stampConnected(
  context: StampContext,
  connection: ConnectionDescription,
  change: ConnectedChange,
  observedAt: Instant,
  coalesced: number,
): ConnectedEvent {
  const at = context.wall.at(observedAt);
  const journal = context.journalFor(connection.identity.device.tenant);
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
    ...(journal && { journal }),
  };
}

/**
 * Turns a tracker's `disconnected` into the event that belongs to `connected`.
 *
 * Durations come from the monotonic clock: whatever the wall clock does meanwhile, `connectedAt` ≤ `lastSeen` ≤ `at`.
 *
 * @param toldAt when the signal was reported to the tracker.
 */
export function stampDisconnected(
  context: StampContext,
  connected: StampedConnection,
  change: DisconnectedChange,
  toldAt: Instant,
  coalesced: number,
): DisconnectedEvent {
  const observedAt = earlierOf(toldAt, change.endedAt);
  const { loop, wall } = context;
  const { event, began } = connected;
  const offset = began ?? wall.offset();
  const [saidAt, seenAt] = [wall.since(offset, observedAt), wall.since(offset, change.lastSeen)];
  // The wall clock may have been set back since an earlier incarnation, and its values are rounded.
  const at = Math.max(event.at, saidAt) as Timestamp;
  // The last bytes may have waited for the event loop, and so may the report of the end.
  const seenLateMs = loop.latenessMs(change.lastSeen);
  const lastSeen = Math.min(at, Math.max(event.at, seenAt - seenLateMs)) as Timestamp;
  const exact = change.basis.kind === 'session' && isExactlyKnown(change.reason);
  const latenessMs = Math.max(loop.latenessMs(observedAt), exact ? 0 : seenLateMs);
  // A device may leave before its login is over, and so before `connectedAt`. Across incarnations, the wall clock does not tell.
  const earliest = began === undefined ? event.at : Number.NEGATIVE_INFINITY;
  const leftAt = Math.max(earliest, exact ? saidAt : seenAt);
  return {
    ...otherHalf(event, at, context),
    basis:
      change.basis.kind === 'lease' && change.until !== undefined
        ? { ...change.basis, until: Math.round(at + change.until - observedAt) as Timestamp }
        : change.basis,
    lastSeen,
    uncertaintyMs: Math.max(0, at - leftAt) + latenessMs,
    ...endedBy(change.reason),
    ...(change.clean !== undefined && { clean: change.clean }),
    ...(change.raw !== undefined && { raw: printableCause(change.raw) }),
    ...(coalesced > 0 && { coalesced }),
  };
}

function earlierOf(toldAt: Instant, saidAt: Instant | undefined): Instant {
  return saidAt !== undefined && saidAt < toldAt ? saidAt : toldAt;
}

/**
 * The end of a connection that the journal says is open, and that no process holds any more. The device left some time
 * after it was last noted.
 */
export function stampLost(
  { event, noted }: OpenEntry,
  reason: 'adapter-lost' | 'buried',
  context: Pick<StampContext, 'clock' | 'random'> & Partial<Pick<StampContext, 'nextEpoch'>>,
  coalesced = 0,
): DisconnectedEvent {
  // The wall clock may have been set back since, and before.
  const lastSeen = Math.max(event.at, noted?.lastSeen ?? event.at) as Timestamp;
  const at = Math.max(context.clock.now(), lastSeen) as Timestamp;
  return {
    ...otherHalf(event, at, context),
    basis: noted?.lease ? { ...noted.lease.basis, until: noted.lease.until } : event.basis,
    lastSeen,
    uncertaintyMs: at - lastSeen,
    ...endedBy(reason),
    ...(coalesced > 0 && { coalesced }),
  };
}

/** The fields that an ending shares with its beginning. */
export function otherHalf(
  connected: ConnectedEvent,
  at: Timestamp,
  { random, nextEpoch }: Pick<StampContext, 'random'> & Partial<Pick<StampContext, 'nextEpoch'>>,
) {
  const { coalesced: _earlier, journal: _said, announceIntervalMs: _interval, ...shared } = connected;
  return {
    ...shared,
    // A journal of an earlier version, or a table that was written by hand, may hold anything.
    ...printableFacts(shared, true),
    type: 'disconnected',
    id: uuidV7(at, random) as EventId,
    ...(nextEpoch && { endedEpoch: nextEpoch() }),
    at,
    connectedAt: connected.at,
  } as const;
}

export function endedBy(reason: DisconnectReason) {
  const { initiator, clean } = disconnectReasons[reason];
  return { reason, initiator, clean };
}
