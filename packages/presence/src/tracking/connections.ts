import type { ConnectionId, DeviceRef, Epoch } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import type { ConnectionTracker } from '@rollcall/core/tracker';
import type { ConnectionDirectory, DirectoryPlace, LeaseListener } from '@rollcall/core/directory';
import type { AccessBook } from '@rollcall/access/internal';
import type { NotedPresence } from '@rollcall/outbox';
import type { LoopWatch } from '@rollcall/runtime';
import type { Announcer } from '../announcing/announcer.ts';
import type { ConnectionDescription, EndReason, OpenConnection } from '../host-presence.ts';
import type { OpenEvent } from '../open-event.ts';
import type { StampContext } from '../stamping/stamp.ts';
import { createSayAgain } from '../announcing/say-again.ts';
import { CommitWaits } from './commit-waits.ts';
import { ConnectedDevices, type Connected } from './connected-devices.ts';
import {
  containConnection,
  DeviceConnection,
  endConnected,
  isInDirectory,
  type SharedByConnections,
} from './device-connection.ts';
import { type FleetLeaseDescription, LeaseInFleet } from './lease-in-fleet.ts';
import type { Drainable } from './drain.ts';
import { millisecondsOf } from '../stamping/epoch-source.ts';

/** How much older than another of its slot a connection may seem to consumers: see `docs/events-api.md`. */
const clocksApartMs = 60_000;

export interface ConnectionsOptions {
  readonly clock: Clock;
  /** Called with what an app or its tracker threw about one connection: it costs this device its connection, and no other. */
  failed(where: 'connection' | 'tracker', error: unknown): void;
  readonly stamp: StampContext;
  /** After a stall, silence proves nothing for a while. */
  readonly loop: Pick<LoopWatch, 'deafUntil'>;
  /** Takes a stamped event over; resolves when it is safe, `undefined` when it is already. */
  publish(event: ConnectionEvent, description: ConnectionDescription): Promise<void> | undefined;
  /** Pairs of this device that were left out, and that no event says. */
  coalescedOf(device: DeviceRef): number;
  readonly access: Pick<AccessBook, 'holdProof' | 'holdLease'>;
  /** Who holds which slot, here and elsewhere. */
  readonly directory: Pick<
    ConnectionDirectory,
    'enter' | 'leave' | 'holderHere' | 'alive' | 'status' | 'leases'
  >;
  /** Longest time a device waits for {@link OpenConnection.committed}. */
  readonly commitWaitMs: number;
  /** Called for every connection that begins, or goes on from an earlier incarnation, and of its end. */
  readonly announcer: Pick<Announcer<OpenEvent>, 'add' | 'remove'>;
  /** Says an open connection again, now. @returns whether all sinks can take it now. */
  announceNow(open: OpenEvent): boolean;
  /** A lease of another adapter is this one's now: the journal keeps that, and consumers are told. As {@link publish}. */
  moved(open: OpenEvent): Promise<void> | undefined;
  /** Others tell all there is to tell of a lease. */
  endedByOthers(connection: ConnectionId): void;
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
  /** Resolves when the directory has answered about every lease that begins or ends now. */
  asked(): Promise<void>;
  /** It lost its slot to a connection of another instance. One that has ended is ignored. */
  displaced(connection: ConnectionId, by: DirectoryPlace): void;
  /** What is told of leases. */
  readonly leases: LeaseListener;
  /**
   * A connection displaced one with this epoch, at another instance whose clock runs far ahead. Consumers allow clocks to be a minute
   * apart: beyond it, the connection gets an epoch after that, and is said again.
   */
  displacedFrom(connection: ConnectionId, epoch: Epoch): void;
  /** Announces a connection that is open, another one each time. */
  announceOne(): void;
  /** It is known again that this incarnation was not declared dead. */
  aliveAgain(): void;
  /**
   * This incarnation was declared dead, and others tell the endings of its sessions: they all end here, and nothing is published. That of
   * `neverKnown` is: nobody else knows of these.
   *
   * @returns the connections of which nothing may be told any more: also those that ended since it was in doubt.
   */
  bury(neverKnown: readonly ConnectionId[]): ReadonlySet<ConnectionId>;
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

// oxlint-disable-next-line eslint/max-lines-per-function -- its methods share one table of connections: each is short, and they are listed here in one place
export function createConnections(options: ConnectionsOptions): Connections {
  const { clock, stamp } = options;
  const devices = new ConnectedDevices(clock);
  let serving = true;
  let stopped = false;
  const endedInDoubt = new Set<ConnectionId>();
  const asking = new Set<Promise<void>>();
  const sayAgain = createSayAgain<Connected>(
    clock,
    (connected) => !devices.has(connected) || options.announceNow(connected),
  );
  const shared: SharedByConnections = {
    ...options,
    devices,
    commitWaits: new CommitWaits(clock, options.commitWaitMs),
    isServing: () => serving,
    endedInDoubt: (connection) => void endedInDoubt.add(connection),
    entering: new Map(),
    isStopped: () => stopped,
    asking(work) {
      asking.add(work);
      void work.then(() => asking.delete(work));
    },
  };
  const fleetLease = (connection: ConnectionId) => devices.get(connection)?.fleetLease;
  const anyLease = (connection: ConnectionId) => fleetLease(connection) ?? shared.entering.get(connection);

  function connectionOf<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    description: ConnectionDescription,
    resumed?: ConnectedEvent,
  ): OpenConnection<Signal> {
    return isSharedLease(description) && options.directory.status !== 'local'
      ? new LeaseInFleet(shared, tracker, description, resumed)
      : new DeviceConnection(shared, tracker, description, resumed);
  }

  return {
    open: (tracker, description) => connectionOf(tracker, description),
    resume: (tracker, description, event) => connectionOf(tracker, description, event),
    servingChanged(now) {
      serving = now;
      for (const { description } of [...devices.all()])
        containConnection(options, () => description.servingChanged?.(now));
    },
    get serving() {
      return serving;
    },
    takeNotes: (share) => devices.takeNotes(share, (at) => stamp.wall.at(at)),
    stop() {
      stopped = true;
      for (const { tracked } of devices.all()) tracked.stop();
      sayAgain.stop();
    },
    get count() {
      return devices.count;
    },
    countOf: (tenant) => devices.countOf(tenant),
    byTenant: () => devices.byTenant,
    async asked() {
      while (asking.size > 0) await Promise.all(asking);
    },
    displaced(connection, by) {
      const lease = anyLease(connection);
      const connected = devices.get(connection);
      if (lease) lease.displaced(by);
      else if (connected) endConnected(connected, 'taken-over');
    },
    leases: {
      heardElsewhere(signs) {
        for (const [connection, sign] of signs) fleetLease(connection)?.heardElsewhere(sign);
      },
      movedAway: (connection, to) => anyLease(connection)?.movedAway(to),
      endedElsewhere: (connection) => anyLease(connection)?.endedElsewhere(),
    },
    displacedFrom(connection, epoch) {
      const connected = devices.get(connection);
      if (!connected) return;
      if (millisecondsOf(epoch) - millisecondsOf(connected.event.epoch) <= clocksApartMs) return;
      connected.event = { ...connected.event, epoch: stamp.nextEpoch() };
      sayAgain.add(connected);
    },
    announceOne() {
      // What an earlier incarnation began says nothing of this one.
      const { instance } = stamp.identity;
      const connected = devices.next(({ event }) => event.adapter.instance === instance);
      if (connected) options.announceNow(connected);
    },
    aliveAgain: () => endedInDoubt.clear(),
    bury(neverKnown) {
      const untold = new Set(neverKnown);
      const told = new Set([...endedInDoubt].filter((connection) => !untold.has(connection)));
      endedInDoubt.clear();
      for (const { event, fleetLease: lease } of [...devices.all()])
        lease?.buried(untold.has(event.connectionId));
      const sessions = [...devices.all()].filter(({ event }) => isInDirectory(event));
      for (const connected of sessions) {
        if (untold.has(connected.event.connectionId)) continue;
        connected.isToldByOthers = true;
        told.add(connected.event.connectionId);
      }
      for (const { tracked, description } of sessions) {
        // Devices hear that the adapter goes away, and connect again: it goes on as another.
        const raw = description.endCauses?.['adapter-shutdown'];
        tracked.report({ type: 'ended', reason: 'adapter-lost', ...(raw && { raw }) });
      }
      return told;
    },
    end(reason, which) {
      for (const connected of [...devices.all()])
        if (which(connected.description)) endConnected(connected, reason);
    },
    makeRoomFor(device, slot, limit) {
      const room = devices.roomFor(device, slot, limit);
      if (typeof room === 'string') return room === 'free';
      endConnected(room, 'limit-exceeded');
      return !devices.has(room);
    },
    drainable: () =>
      [...devices.all()]
        .filter(({ event }) => event.basis.kind !== 'lease')
        .map((connected) => ({
          isOpen: () => devices.has(connected),
          end: () => endConnected(connected, 'adapter-shutdown'),
        })),
    *devices() {
      for (const { description } of devices.all()) yield description;
    },
  };
}

function isSharedLease(description: ConnectionDescription): description is FleetLeaseDescription {
  return description.shared !== undefined;
}
