import { deviceKey, type ConnectionId, type DeviceRef, type Epoch } from '@rollcall/core';
import { systemClock, type Clock } from '@rollcall/core/environment';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
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
  /** The announcement interval of adapters that do not state it (version 1.0); default 1 h, as in these adapters. */
  readonly announceIntervalMs?: number;
  /** How long a closed connection is remembered, so that late or repeated events change nothing; default 24 h. */
  readonly horizonMs?: number;
  /** Default 1,000,000. Beyond it, the device with the oldest latest event is forgotten, offline devices first. */
  readonly maxDevices?: number;
  /** Default 1,000,000. Beyond it, closed connections are forgotten before their time, oldest first. */
  readonly maxClosed?: number;
  /** How many adapters are remembered for each tenant; default 100,000. Beyond it, the one not heard for longest is forgotten. */
  readonly maxAdapters?: number;
}

/**
 * Who is online, folded from connection events by the rule in `docs/events-api.md`. The result does not depend on the order
 * of events or on repetitions, as long as they come within the horizon.
 */
export interface PresenceTable {
  /**
   * Adds an event. @returns the new presence if the status of the device changed. An event of another Hono adapter has no
   * connection-id: it is kept as `said`.
   */
  apply(event: ReceivedEvent | HonoConnectionEvent): PresenceChange | undefined;
  get(device: DeviceRef): DevicePresence;
  /** Every device with at least one event, or every such device of a tenant. */
  all(tenant?: string): Iterable<DevicePresence>;
  readonly size: number;
}

/** A closed connection, to be forgotten in its time. */
interface Closed {
  readonly closedAtMs: number;
  readonly key: string;
  readonly tenant: string;
  readonly adapterId: string;
  readonly epoch: Epoch;
}

const dayMs = 86_400_000;
/** How many devices are checked to find one that is offline, beginning with the one without events for longest. */
const maxLook = 1_000;

export function createPresenceTable(options: PresenceTableOptions = {}): PresenceTable {
  const {
    clock = systemClock,
    announceIntervalMs = 3_600_000,
    horizonMs = dayMs,
    maxDevices = 1_000_000,
    maxClosed = 1_000_000,
    maxAdapters = 100_000,
  } = options;
  /** The device with the latest event is last. */
  const devices = new Map<string, DeviceConnections>();
  const closed = new Map<ConnectionId, Closed>();
  const adapters = createAdaptersHeard(maxAdapters, announceIntervalMs);

  function forgetOldClosed(nowMs: number): void {
    for (const [connectionId, { closedAtMs, key, tenant, adapterId, epoch }] of closed) {
      if (closed.size <= maxClosed && nowMs - closedAtMs <= horizonMs) return;
      closed.delete(connectionId);
      adapters.closeThrough(tenant, adapterId, epoch);
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
    return presenceOf(connections, (connection, heard) => adapters.isSilent(connection, heard, nowMs));
  }

  function add(connections: DeviceConnections, event: ReceivedEvent, key: string, nowMs: number): void {
    const heard = adapters.hear(event, nowMs);
    const { connectionId, epoch } = event;
    const { tenant } = event.device;
    const { id: adapterId } = event.adapter;
    const isOver = closed.has(connectionId) || adapters.isClosedThrough(tenant, adapterId, epoch);
    if (addEvent(connections, event, isOver, heard))
      closed.set(connectionId, { closedAtMs: nowMs, key, tenant, adapterId, epoch });
  }

  return {
    apply(event) {
      const nowMs = clock.monotonic();
      forgetOldClosed(nowMs);
      const key = deviceKey(event.device);
      const connections = devices.get(key) ?? noConnections(event.device);
      const before = presence(connections).status;
      if (event.type === 'hono') connections.said = event;
      else add(connections, event, key, nowMs);
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
    *all(tenant) {
      for (const connections of devices.values())
        if (tenant === undefined || connections.device.tenant === tenant) yield presence(connections);
    },
    get size() {
      return devices.size;
    },
  };
}
