import type { ConnectionId, DeviceRef, Epoch, Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import type { ConnectionTracker } from '@rollcall/core/tracker';
import type { ConnectionDirectory, DirectoryPlace, LeaseListener } from '@rollcall/core/directory';
import type { AccessBook } from '@rollcall/access/internal';
import type { NotedPresence } from '@rollcall/outbox';
import type { BeforeSending } from '@rollcall/outbox/internal';
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
import type { FleetLeaseDescription } from './lease-at-adapter.ts';
import { LeaseInFleet } from './lease-in-fleet.ts';
import type { Drainable } from './drain.ts';
import { millisecondsOf } from '../stamping/epoch-source.ts';

/** How much older than another one of its slot a connection may seem to consumers: see `docs/events-api.md`. */
const clocksApartMs = 60_000;

export interface ConnectionsOptions {
  readonly clock: Clock;
  /** Called with an error that an app or its tracker threw for one connection: only that connection ends. */
  failed(where: 'connection' | 'tracker', error: unknown): void;
  readonly stamp: StampContext;
  /** After a stall, silence proves nothing for a while. */
  readonly loop: Pick<LoopWatch, 'deafUntil'>;
  /** Queues a stamped event; resolves when it is safe, `undefined`: it already is. */
  publish(
    event: ConnectionEvent,
    description: ConnectionDescription,
    beforeSending?: BeforeSending,
  ): Promise<void> | undefined;
  /** How many pairs of this device were left out, and not reported by an event. */
  coalescedOf(device: DeviceRef): number;
  readonly access: Pick<AccessBook, 'holdProof' | 'holdLease'>;
  /** Knows which instance holds which slot. */
  readonly directory: Pick<
    ConnectionDirectory,
    'enter' | 'leave' | 'holderHere' | 'alive' | 'status' | 'leases'
  >;
  /** Longest time a device waits for {@link OpenConnection.committed}. */
  readonly commitWaitMs: number;
  /** Called for every connection that begins, or goes on from an earlier incarnation, and of its end. */
  readonly announcer: Pick<Announcer<OpenEvent>, 'add' | 'remove'>;
  /** Announces an open connection now. @returns whether all sinks can take it now. */
  announceNow(open: OpenEvent): boolean;
  /** A lease of another adapter moved here: the journal keeps that, and it is announced. Resolves as {@link publish}. */
  moved(open: OpenEvent): Promise<void> | undefined;
  /** Queues the beginning of such a lease as the other adapter stamped it. Resolves as {@link publish}. */
  publishOfAnother(event: ConnectedEvent, description: ConnectionDescription): Promise<void> | undefined;
  /** Others publish the ending of a lease. */
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
  /** Continues a connection whose `connected` an earlier incarnation published. */
  resume<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    description: ConnectionDescription,
    event: ConnectedEvent,
  ): OpenConnection<Signal>;
  /** Notifies every lease that the registry became unavailable or available. */
  servingChanged(serving: boolean): void;
  readonly serving: boolean;
  /**
   * When devices were last heard, for devices that were heard since the last note of them. Goes round all devices, a `share` at
   * a time: notes of ten thousand devices at once would delay other work.
   *
   * @param share from 0 to 1.
   */
  takeNotes(share: number): readonly (readonly [connection: ConnectionId, noted: NotedPresence])[];
  /** Wakes no tracker any more: connections that are open now stay open. */
  stop(): void;
  /** The earliest beginning of a lease that the directory may have as held here, and that does not wait in the outbox yet. */
  readonly unpublishedSince: Timestamp | undefined;
  /** Resolves when the directory has answered about every lease that begins or ends now. */
  asked(): Promise<void>;
  /** A connection lost its slot to one of another instance. If it has ended, this is ignored. */
  displaced(connection: ConnectionId, by: DirectoryPlace): void;
  /** Gets the directory's reports about leases. */
  readonly leases: LeaseListener;
  /**
   * A connection displaced one with this epoch, at another instance whose clock runs far ahead. Consumers allow clocks to be a minute
   * apart: beyond that, the connection gets a later epoch than the displaced one, and is announced.
   */
  displacedFrom(connection: ConnectionId, epoch: Epoch): void;
  /** Announces a connection that is open, another one each time. */
  announceOne(): void;
  /** It is certain again that this incarnation was not declared dead. */
  aliveAgain(): void;
  /**
   * This incarnation was declared dead, and others publish the endings of its sessions: all end here, without an event. Only endings of
   * `neverKnown` are published here: no other instance knows these connections.
   *
   * @returns the connections about which nothing may be published any more: also those that ended while its death was in doubt.
   */
  bury(neverKnown: readonly ConnectionId[]): ReadonlySet<ConnectionId>;
  /** Ends the connections that `which` selects. A connection that survives a shutdown is not ended by one. */
  end(reason: EndReason, which: (description: ConnectionDescription) => boolean): void;
  /**
   * Whether a device may have one more session beside those it has; one that was silent for too long is ended to make room.
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
    unpublished: new Map(),
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
    get unpublishedSince() {
      const [first, ...others] = shared.unpublished.values();
      return others.reduce((least, at) => (least !== undefined && least < at ? least : at), first);
    },
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
    takeNotes: (share) =>
      devices.takeNotes(
        share,
        (at) => stamp.wall.at(at),
        (at) => stamp.loop.latenessMs(at),
      ),
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
      // A connection that an earlier incarnation began says nothing about this one.
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
        // Devices get the code for a shutdown, and connect again: the adapter goes on as another incarnation.
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
      const room = devices.roomFor(device, slot, limit, (at) => stamp.loop.latenessMs(at));
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
