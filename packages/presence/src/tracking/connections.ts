import {
  deviceKey,
  within,
  type Change,
  type Clock,
  type ConnectedEvent,
  type ConnectionEvent,
  type ConnectionId,
  type ConnectionTracker,
  type DeviceRef,
  type DisconnectedChange,
  type Instant,
} from '@rollcall/core';
import type { AccessBook } from '@rollcall/access/internal';
import type { Announcer } from '../announcing/announcer.ts';
import type { NotedPresence } from '@rollcall/outbox';
import type { OpenEvent } from '../open-event.ts';
import type { Drainable } from './drain.ts';
import type { ConnectionDescription, EndReason, OpenConnection } from '../host-presence.ts';
import type { LoopWatch } from '@rollcall/runtime';
import { stampConnected, stampDisconnected, type StampContext } from '../stamping/stamp.ts';
import { endedBecause } from './ended-because.ts';
import { createSessionsByDevice } from './sessions-by-device.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import { track, type Tracked } from './track.ts';

/** A device that is connected now. */
interface Connected {
  readonly event: ConnectedEvent;
  /** See `StampedConnection`. */
  readonly began?: WallOffset;
  readonly description: ConnectionDescription;
  readonly tracked: Pick<Tracked<never>, 'report' | 'presence' | 'stop'>;
  /** It is open no more: nobody need watch over its access. */
  releaseAccess(): void;
  /** Last seen when it was last noted. */
  noted?: Instant;
}

export interface ConnectionsOptions {
  readonly clock: Clock;
  /** Told of what an app or its tracker threw about one connection: it costs this device its connection, and no other. */
  failed(where: 'connection' | 'tracker', error: unknown): void;
  readonly stamp: StampContext;
  /** After a stall, silence proves nothing for a while. */
  readonly loop: Pick<LoopWatch, 'deafUntil'>;
  /** Takes a stamped event over; resolves when it is safe, `undefined` when it is already. */
  publish(event: ConnectionEvent, description: ConnectionDescription): Promise<void> | undefined;
  /** Pairs of this device that were left out, and that no event says. */
  coalescedOf(device: DeviceRef): number;
  readonly access: Pick<AccessBook, 'holdProof' | 'holdLease'>;
  /** Longest time a device waits for {@link OpenConnection.committed}. */
  readonly commitWaitMs: number;
  /** Told of every connection that begins, or goes on from an earlier incarnation, and of its end. */
  readonly announcer: Pick<Announcer<OpenEvent>, 'add' | 'remove'>;
}

/** Every connection of this adapter: who is connected now, and how each of them ends. */
export interface Connections {
  open<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    description: ConnectionDescription,
  ): OpenConnection<Signal>;
  readonly count: number;
  countOf(tenant: string): number;
  /** Number of connected devices, by tenant. */
  byTenant(): ReadonlyMap<string, number>;
  /** Goes on with a connection whose `connected` an earlier incarnation published. */
  resume<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    description: ConnectionDescription,
    event: ConnectedEvent,
  ): OpenConnection<Signal>;
  /** Notifies every lease that the registry became unavailable or available. */
  servingChanged(serving: boolean): void;
  readonly serving: boolean;
  /**
   * When devices were heard, of those that were heard since they were last asked for. Goes round all of them, a `share` at
   * a time: what is worth noting of ten thousand devices at once would keep others waiting.
   *
   * @param share from 0 to 1.
   */
  takeNotes(share: number): readonly (readonly [connection: ConnectionId, noted: NotedPresence])[];
  /** Wakes no tracker any more: what is open now stays open. */
  stop(): void;
  /** Ends the connections that `which` selects. What survives a shutdown does not end by one. */
  end(reason: EndReason, which: (description: ConnectionDescription) => boolean): void;
  /**
   * Whether a device may have one more session beside those it has; one that was silent for too long is ended for it.
   *
   * @param limit sessions that it may have; 0: any number.
   * @param slot that of the newcomer.
   */
  makeRoomFor(device: DeviceRef, slot: string | undefined, limit: number): boolean;
  /** The sessions that are open now, without leases, to be ended one by one because the adapter stops. */
  drainable(): readonly Drainable[];
  /** The devices that are connected now. */
  devices(): Iterable<ConnectionDescription>;
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { clock, stamp } = options;
  const open = new Set<Connected>();
  const slots = new Map<string, Connected>();
  const tenants = new Map<string, number>();
  const sessions = createSessionsByDevice<Connected>(({ description: { slot, keepAliveMs }, tracked }) => ({
    slot,
    keepAliveMs,
    lastSeen: tracked.presence()?.lastSeen ?? clock.monotonic(),
  }));
  let serving = true;
  let round = open.values();

  function nextInRound(): Connected | undefined {
    const { value } = round.next();
    if (value) return value;
    round = open.values();
    return round.next().value;
  }

  function count(tenant: string, by: number): void {
    const next = (tenants.get(tenant) ?? 0) + by;
    if (next > 0) tenants.set(tenant, next);
    else tenants.delete(tenant);
  }

  /** What an app throws about one connection must not keep the others from hearing what they have to. */
  function contain(work: () => void): void {
    try {
      work();
    } catch (error) {
      options.failed('connection', error);
    }
  }

  /** Has the tracker end a connection; once the event is published, its app hears that it has to close the peer. */
  function endOne({ description, tracked }: Connected, reason: EndReason, at?: Instant): void {
    if (reason === 'adapter-shutdown' && description.survivesShutdown) return;
    tracked.report(endedBecause(reason, description.endCauses), at);
  }

  /** A session ends with the secret that opened it; a lease is the device's, and is renewed with a proof of its own each time. */
  function watchAccess(connected: Connected): () => void {
    const { identity } = connected.description;
    return connected.event.basis.kind === 'lease'
      ? options.access.holdLease(identity, () => endOne(connected, 'access-revoked'))
      : options.access.holdProof(identity, (reason) => endOne(connected, reason)).release;
  }

  function add(
    event: ConnectedEvent,
    description: ConnectionDescription,
    tracked: Connected['tracked'],
    began?: WallOffset,
  ): Connected {
    const connected: Connected = {
      event,
      ...(began !== undefined && { began }),
      description,
      tracked,
      releaseAccess() {},
    };
    connected.releaseAccess = watchAccess(connected);
    open.add(connected);
    options.announcer.add(connected);
    const slot = slotKey(description);
    if (slot !== undefined) slots.set(slot, connected);
    if (event.basis.kind !== 'lease') sessions.add(event.device, connected);
    count(event.device.tenant, 1);
    return connected;
  }

  function remove(connected: Connected): void {
    connected.releaseAccess();
    open.delete(connected);
    options.announcer.remove(connected);
    const slot = slotKey(connected.description);
    if (slot !== undefined && slots.get(slot) === connected) slots.delete(slot);
    if (connected.event.basis.kind !== 'lease') sessions.remove(connected.event.device, connected);
    count(connected.event.device.tenant, -1);
  }

  function begin<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    description: ConnectionDescription,
    resumed?: ConnectedEvent,
  ): OpenConnection<Signal> {
    let connected: Connected | undefined;
    let committed: Promise<void> | undefined;

    function keep(work: Promise<void> | undefined): void {
      const kept = work?.then(() => {
        // A later event may have to be waited for still.
        if (committed === kept) committed = undefined;
      });
      committed = kept;
    }

    function emit(change: Change, at: Instant): void {
      const { device } = description.identity;
      if (change.type === 'connected') {
        const slot = slotKey(description);
        const older = slot === undefined ? undefined : slots.get(slot);
        // Its ending comes first, and says how many pairs were left out before it.
        // It ends when the newer one begins: the process may be held up between the two.
        if (older) endOne(older, 'taken-over', at);
        const event = stampConnected(stamp, description, change, at, options.coalescedOf(device));
        // Not before: what could not be published must not be ended either.
        keep(options.publish(event, description));
        connected = add(event, description, tracked, stamp.wall.offset());
        if (!serving) contain(() => description.servingChanged?.(false));
      } else if (connected) {
        const event = stampDisconnected(stamp, connected, change, at, options.coalescedOf(device));
        remove(connected);
        connected = undefined;
        try {
          keep(options.publish(event, description));
        } finally {
          contain(() => description.onDisconnected?.(change));
        }
      }
    }

    /** Nobody knows any more what becomes of this device: it is told to come anew. */
    function broke(where: 'connection' | 'tracker', error: unknown, at: Instant): void {
      options.failed(where, error);
      const basis = connected?.event.basis ?? { kind: 'session', detectWithinMs: null };
      const change: DisconnectedChange = { type: 'disconnected', reason: 'unspecified', basis, lastSeen: at };
      if (!connected) contain(() => description.onDisconnected?.(change));
      else contain(() => emit(change, at));
    }

    const tracked = track(
      tracker,
      clock,
      (change, at) => {
        try {
          emit(change, at);
        } catch (error) {
          broke('connection', error, at);
        }
      },
      { onBroken: (error, at) => broke('tracker', error, at), loop: options.loop },
    );
    if (resumed) {
      connected = add(resumed, description, tracked);
      // The tracker says for when it wants to be woken.
      tracked.report({ type: 'deadline' });
    }
    return {
      report: (signal) => tracked.report(signal),
      committed: () => (committed ? within(committed, options.commitWaitMs, clock) : Promise.resolve()),
    };
  }

  return {
    open: (tracker, description) => begin(tracker, description),
    resume: (tracker, description, event) => begin(tracker, description, event),
    servingChanged(now) {
      serving = now;
      for (const { description } of [...open]) contain(() => description.servingChanged?.(now));
    },
    get serving() {
      return serving;
    },
    takeNotes(share) {
      const notes: [ConnectionId, NotedPresence][] = [];
      for (let left = Math.ceil(open.size * share); left > 0; left--) {
        const connected = nextInRound();
        const presence = connected?.tracked.presence();
        if (!connected || !presence || presence.lastSeen === connected.noted) continue;
        connected.noted = presence.lastSeen;
        const { lastSeen, lease } = presence;
        notes.push([
          connected.event.connectionId,
          {
            lastSeen: stamp.wall.at(lastSeen),
            ...(lease && { lease: { basis: lease.basis, until: stamp.wall.at(lease.until) } }),
          },
        ]);
      }
      return notes;
    },
    stop() {
      for (const { tracked } of open) {
        tracked.stop();
      }
    },
    get count() {
      return open.size;
    },
    countOf: (tenant) => tenants.get(tenant) ?? 0,
    byTenant: () => tenants,
    end(reason, which) {
      for (const connected of [...open]) if (which(connected.description)) endOne(connected, reason);
    },
    makeRoomFor(device, slot, limit) {
      const room = sessions.room(device, slot, limit, clock.monotonic());
      if (typeof room === 'string') return room === 'free';
      endOne(room, 'limit-exceeded');
      return !open.has(room);
    },
    drainable: () =>
      [...open]
        .filter(({ event }) => event.basis.kind !== 'lease')
        .map((connected) => ({
          isOpen: () => open.has(connected),
          end: () => endOne(connected, 'adapter-shutdown'),
        })),
    *devices() {
      for (const connected of open) yield connected.description;
    },
  };
}

/** What no two connections may hold at a time: the slot, scoped by tenant and device. */
function slotKey({ identity, slot }: ConnectionDescription): string | undefined {
  return slot === undefined ? undefined : `${deviceKey(identity.device)}\n${slot}`;
}
