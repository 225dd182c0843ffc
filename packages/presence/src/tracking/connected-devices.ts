import type { ConnectionId, DeviceRef, Instant, Timestamp } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { DirectoryEntry } from '@rollcall/core/directory';
import type { NotedPresence } from '@rollcall/outbox';
import type { ConnectionDescription } from '../host-presence.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import type { FleetLease } from './fleet-lease.ts';
import { createSessionsByDevice } from './sessions-by-device.ts';
import type { Tracked } from './track.ts';

/** A device that is connected now. It is its own entry in the directory. */
export interface Connected extends DirectoryEntry {
  /** Its epoch may be raised: see `Connections.displacedFrom`. */
  event: ConnectedEvent;
  /** See `StampedConnection`. */
  readonly began?: WallOffset;
  readonly description: ConnectionDescription;
  readonly tracked: Pick<Tracked<never>, 'report' | 'presence' | 'stop'>;
  /** The connection has ended: its access is not watched any more. */
  releaseAccess(): void;
  /** Others publish its ending: nothing is published about it here any more. */
  isToldByOthers?: true;
  /** Set for a lease that its device has once in the fleet. */
  readonly fleetLease?: FleetLease;
  /** The last sign of its device at the latest note. */
  noted?: Instant;
}

/** The devices that are connected now: found by connection, counted by tenant, and by device for sessions. */
export class ConnectedDevices {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #all = new Map<ConnectionId, Connected>();
  readonly #byTenant = new Map<string, number>();
  readonly #sessions = createSessionsByDevice<Connected>(
    ({ description: { slot, keepAliveMs }, tracked }) => ({
      slot,
      keepAliveMs,
      lastSeen: tracked.presence()?.lastSeen ?? this.#clock.monotonic(),
    }),
  );
  /** Absent between rounds: an unused iterator would keep alive all entries that the map held since. */
  #round: Iterator<Connected> | undefined;
  /** The latest one that had its turn: not an iterator, for the same reason. */
  #latestTurn: ConnectionId | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Number of connected devices. */
  get byTenant(): ReadonlyMap<string, number> {
    return this.#byTenant;
  }

  countOf(tenant: string): number {
    return this.#byTenant.get(tenant) ?? 0;
  }

  all(): Iterable<Connected> {
    return this.#all.values();
  }

  has(connected: Connected): boolean {
    return this.#all.get(connected.event.connectionId) === connected;
  }

  get(connection: ConnectionId | undefined): Connected | undefined {
    return connection === undefined ? undefined : this.#all.get(connection);
  }

  /** One of the devices that `counts` selects, another one each time. */
  next(counts: (connected: Connected) => boolean = () => true): Connected | undefined {
    let isNext = false;
    let first: Connected | undefined;
    for (const [id, connected] of this.#all) {
      if (counts(connected)) {
        first ??= connected;
        if (isNext) return this.#turnOf(connected);
      }
      isNext ||= id === this.#latestTurn;
    }
    return first && this.#turnOf(first);
  }

  add(connected: Connected): void {
    const { event } = connected;
    this.#all.set(event.connectionId, connected);
    if (event.basis.kind !== 'lease') this.#sessions.add(event.device, connected);
    this.#countTenant(event.device.tenant, 1);
  }

  remove(connected: Connected): void {
    const { event } = connected;
    this.#all.delete(event.connectionId);
    if (event.basis.kind !== 'lease') this.#sessions.remove(event.device, connected);
    this.#countTenant(event.device.tenant, -1);
  }

  /**
   * See `SessionsByDevice.room`.
   *
   * @param latenessMs see `LoopWatch`: what a device said since then may still be unread.
   */
  roomFor(
    device: DeviceRef,
    slot: string | undefined,
    limit: number,
    latenessMs: (observedAt: Instant) => number,
  ): 'free' | 'full' | Connected {
    const now = this.#clock.monotonic();
    return this.#sessions.room(device, slot, limit, later(now, -latenessMs(now)));
  }

  /**
   * See `Connections.takeNotes`.
   *
   * @param latenessMs see `LoopWatch`: what is noted as the last sign of a device was not later than that sign.
   */
  takeNotes(
    share: number,
    wallTimeOf: (at: Instant) => Timestamp,
    latenessMs: (observedAt: Instant) => number,
  ): [ConnectionId, NotedPresence][] {
    const notes: [ConnectionId, NotedPresence][] = [];
    if (this.#all.size === 0) this.#round = undefined;
    for (let left = Math.ceil(this.#all.size * share); left > 0; left--) {
      const connected = this.#nextInRound();
      const presence = connected?.tracked.presence();
      if (!connected || !presence || presence.lastSeen === connected.noted) continue;
      connected.noted = presence.lastSeen;
      const { lastSeen, lease } = presence;
      notes.push([
        connected.event.connectionId,
        {
          lastSeen: wallTimeOf(later(lastSeen, -latenessMs(lastSeen))),
          ...(lease && { lease: { basis: lease.basis, until: wallTimeOf(lease.until) } }),
        },
      ]);
    }
    return notes;
  }

  #turnOf(connected: Connected): Connected {
    this.#latestTurn = connected.event.connectionId;
    return connected;
  }

  #nextInRound(): Connected | undefined {
    const next = this.#round?.next();
    if (next?.done === false) return next.value;
    const round = this.#all.values();
    this.#round = round;
    return round.next().value;
  }

  #countTenant(tenant: string, by: number): void {
    const next = this.countOf(tenant) + by;
    if (next > 0) this.#byTenant.set(tenant, next);
    else this.#byTenant.delete(tenant);
  }
}
