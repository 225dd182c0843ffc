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
  type Epoch,
  type EventId,
  type Instant,
  type Random,
  type Timestamp,
} from '@rollcall/core';
import type { ConnectionDescription } from '../protocol-adapter.ts';
import { uuidV7 } from './uuid-v7.ts';

export interface StampContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: AdapterIdentity;
  readonly nextEpoch: () => Epoch;
  readonly exposeRemoteAddress: boolean;
}

/** Turns a tracker's `connected` into the event that leaves the process: a new connection with new ids. */
export function stampConnected(
  context: StampContext,
  connection: ConnectionDescription,
  change: ConnectedChange,
  coalesced: number,
): ConnectedEvent {
  const at = context.clock.now();
  return {
    type: 'connected',
    id: uuidV7(at, context.random) as EventId,
    connectionId: uuidV7(at, context.random) as ConnectionId,
    epoch: context.nextEpoch(),
    device: connection.identity.device,
    adapter: context.identity,
    remoteId: connection.remoteId,
    ...(connection.slot !== undefined && { slot: connection.slot }),
    at,
    basis: change.basis,
    protocol: connection.protocol,
    ...(context.exposeRemoteAddress &&
      connection.remoteAddress !== undefined && { remoteAddress: connection.remoteAddress }),
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
  const at = context.clock.now();
  const silentMs = Math.round(Math.max(0, observedAt - change.lastSeen));
  const exact = change.basis.kind === 'session' && isExactlyKnown(change.reason);
  const { coalesced: _earlier, ...shared } = connected;
  return {
    ...shared,
    type: 'disconnected',
    id: uuidV7(at, context.random) as EventId,
    at,
    basis:
      change.basis.kind === 'lease' && change.until !== undefined
        ? { ...change.basis, until: Math.round(at + change.until - observedAt) as Timestamp }
        : change.basis,
    connectedAt: connected.at,
    lastSeen: (at - silentMs) as Timestamp,
    uncertaintyMs: exact ? 0 : silentMs,
    reason: change.reason,
    initiator: disconnectReasons[change.reason].initiator,
    clean: change.clean ?? disconnectReasons[change.reason].clean,
    ...(change.raw !== undefined && { raw: change.raw }),
    ...(coalesced > 0 && { coalesced }),
  };
}
