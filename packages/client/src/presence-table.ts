import {
  deviceKey,
  systemClock,
  type Clock,
  type ConnectionId,
  type DeviceRef,
  type Epoch,
} from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/core/wire';
import { createAdaptersHeard } from './adapters-heard.ts';
import {
  addEvent,
  forgetClosed,
  noConnections,
  presenceOf,
  type DeviceConnections,
} from './device-connections.ts';
import type { DevicePresence, PresenceChange } from './device-presence.ts';

export interface PresenceTableOptions {
  readonly clock?: Clock;
  /** How often adapters announce what is open; default 1 h, as theirs. One that is silent for three times as long says nothing any more. */
  readonly announceIntervalMs?: number;
  /** How long a closed connection is remembered, so that what comes late or again changes nothing; default 24 h. */
  readonly horizonMs?: number;
  /** Default 1,000,000. Beyond it, the device that was heard of longest ago is forgotten, whoever is offline first. */
  readonly maxDevices?: number;
  /** Default 1,000,000. Beyond it, closed connections are forgotten before their time, oldest first. */
  readonly maxClosed?: number;
  /** Default 10,000. */
  readonly maxAdapters?: number;
}

/**
 * Who is online, folded from connection events by the rule in `docs/events-api.md`. The result depends neither on the order
 * of events nor on repetitions, as long as they come within the horizon.
 */
export interface PresenceTable {
  /** Adds an event; tells where the status of its device became another. */
  apply(event: ReceivedEvent): PresenceChange | undefined;
  get(device: DeviceRef): DevicePresence;
  /** Every device that was heard of. */
  all(): Iterable<DevicePresence>;
  readonly size: number;
}

/** A closed connection, to be forgotten in its time. */
interface Closed {
  readonly closedAtMs: number;
  readonly key: string;
  readonly adapterId: string;
  readonly epoch: Epoch;
}

const dayMs = 86_400_000;
/** Devices looked at, from the one heard of longest ago on, to find one that is offline. */
const maxLook = 1_000;

export function createPresenceTable(options: PresenceTableOptions = {}): PresenceTable {
  const {
    clock = systemClock,
    announceIntervalMs = 3_600_000,
    horizonMs = dayMs,
    maxDevices = 1_000_000,
    maxClosed = 1_000_000,
    maxAdapters = 10_000,
  } = options;
  /** Whoever was heard of last stands last. */
  const devices = new Map<string, DeviceConnections>();
  const closed = new Map<ConnectionId, Closed>();
  const adapters = createAdaptersHeard(maxAdapters, announceIntervalMs);

  function forgetOldClosed(nowMs: number): void {
    for (const [connectionId, { closedAtMs, key, adapterId, epoch }] of closed) {
      if (closed.size <= maxClosed && nowMs - closedAtMs <= horizonMs) return;
      closed.delete(connectionId);
      adapters.closeThrough(adapterId, epoch);
      const connections = devices.get(key);
      if (connections) forgetClosed(connections, connectionId);
    }
  }

  function forgetOldestDevice(): void {
    let [chosen] = devices.keys();
    let looked = 0;
    for (const [key, { open }] of devices) {
      if (open.size === 0) chosen = key;
      looked += 1;
      if (open.size === 0 || looked === maxLook) break;
    }
    if (chosen !== undefined) devices.delete(chosen);
  }

  function presence(connections: DeviceConnections): DevicePresence {
    const nowMs = clock.monotonic();
    return presenceOf(connections, (adapterId) => adapters.isSilent(adapterId, nowMs));
  }

  return {
    apply(event) {
      const nowMs = clock.monotonic();
      forgetOldClosed(nowMs);
      const key = deviceKey(event.device);
      const connections = devices.get(key) ?? noConnections(event.device);
      const before = presence(connections).status;
      adapters.hear(event, nowMs);
      const isOver =
        closed.has(event.connectionId) || adapters.isClosedThrough(event.adapter.id, event.epoch);
      if (addEvent(connections, event, isOver))
        closed.set(event.connectionId, {
          closedAtMs: nowMs,
          key,
          adapterId: event.adapter.id,
          epoch: event.epoch,
        });
      devices.delete(key);
      devices.set(key, connections);
      if (devices.size > maxDevices) forgetOldestDevice();
      if (closed.size > maxClosed) forgetOldClosed(nowMs);
      const after = presence(connections);
      return after.status === before ? undefined : { before, presence: after };
    },
    get(device) {
      return presence(devices.get(deviceKey(device)) ?? noConnections(device));
    },
    *all() {
      for (const connections of devices.values()) yield presence(connections);
    },
    get size() {
      return devices.size;
    },
  };
}
