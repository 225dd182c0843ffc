import type { ConnectionId, Instant, Timestamp } from '@rollcall/core';
import type { ConnectedEvent, ConnectionEvent, DisconnectedEvent } from '@rollcall/core/events';
import type { Change, ConnectionTracker, DisconnectedChange, EndedSignal } from '@rollcall/core/tracker';
import type { ConnectedChange } from '@rollcall/core/internal';
import type { BeforeSending } from '@rollcall/outbox/internal';
import type { ConnectionDescription, EndReason, OpenConnection } from '../host-presence.ts';
import { stampConnected, stampDisconnected } from '../stamping/stamp.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import type { CommitWaits } from './commit-waits.ts';
import type { Connected, ConnectedDevices } from './connected-devices.ts';
import type { ConnectionsOptions } from './connections.ts';
import { endedBecause } from './ended-because.ts';
import type { FleetLease } from './fleet-lease.ts';
import { track, type Tracked } from './track.ts';

/** What all connections of an adapter have in common. */
export interface SharedByConnections extends ConnectionsOptions {
  readonly devices: ConnectedDevices;
  readonly commitWaits: CommitWaits;
  /** Whether the adapter can serve devices now. */
  isServing(): boolean;
  /** Leases that are about to begin: reports of the directory about them may come before its answer. */
  readonly entering: Map<ConnectionId, Pick<FleetLease, 'displaced' | 'movedAway' | 'endedElsewhere'>>;
  /**
   * Leases that the directory may have as held here, and whose beginning does not wait in the outbox yet; with the time of their beginning.
   */
  readonly unpublished: Map<ConnectionId, Timestamp>;
  /** Whether no connection begins or ends here any more. */
  isStopped(): boolean;
  /** Tracks a question to the directory about a lease. */
  asking(work: Promise<void>): void;
  /** A connection ended while it is not known whether this incarnation was declared dead: if it was, others publish the ending. */
  endedInDoubt(connection: ConnectionId): void;
}

/**
 * One connection of a device: changes of its tracker are stamped, published, and only then reported to the app. It is not among the
 * connected devices before its tracker says so, and a lease may begin again after it ended.
 */
export class DeviceConnection<State, Signal> implements OpenConnection<Signal> {
  readonly #shared: SharedByConnections;
  readonly #description: ConnectionDescription;
  readonly #tracked: Tracked<Signal>;
  /** Set while the device is connected. */
  #connected: Connected | undefined;
  /** Set while an event is on its way to the journal. Events that are stored together have one promise. */
  #committing: Promise<void> | undefined;

  // Apps pass both functions on without their object.
  readonly report = (signal: Signal | EndedSignal): void => this.#tracked.report(signal);
  readonly committed = (): Promise<void> =>
    this.#committing ? this.#shared.commitWaits.within(this.#committing) : Promise.resolve();

  /** @param resumed the event that an earlier incarnation published: the device is connected already. */
  constructor(
    shared: SharedByConnections,
    tracker: ConnectionTracker<State, Signal>,
    description: ConnectionDescription,
    resumed?: ConnectedEvent,
  ) {
    this.#shared = shared;
    this.#description = description;
    this.#tracked = track(tracker, shared.clock, (change, at) => this.#emit(change, at), {
      onBroken: (error, at) => this.#giveUp('tracker', error, at),
      loop: shared.loop,
    });
    if (!resumed) return;
    this.#connected = this.#add(resumed);
    // So the tracker sets its first deadline.
    this.#tracked.report({ type: 'deadline' });
  }

  #emit(change: Change, at: Instant): void {
    try {
      this.#apply(change, at);
    } catch (error) {
      this.#giveUp('connection', error, at);
    }
  }

  #apply(change: Change, at: Instant): void {
    if (change.type === 'connected') this.#connect(change, at);
    else if (this.#connected) this.#disconnect(this.#connected, change, at);
  }

  #connect(change: ConnectedChange, at: Instant): void {
    const { devices, directory, stamp } = this.#shared;
    const description = this.#description;
    const { identity, slot } = description;
    const older = slot === undefined ? undefined : devices.get(directory.holderHere(identity.device, slot));
    // The ending of the older one comes first, and reports how many pairs were left out before it.
    // It ends when the newer one begins: the process may be held up between the two.
    if (older) endConnected(older, 'taken-over', at);
    const event = stampConnected(stamp, description, change, at, this.#coalesced());
    // Only now: a connection that could not be published must not get an ending either.
    this.#publish(event);
    this.#connected = this.#add(event, stamp.wall.offset());
    if (isInDirectory(event)) this.#enter(this.#connected);
    if (!this.#shared.isServing()) containConnection(this.#shared, () => description.servingChanged?.(false));
  }

  #disconnect(connected: Connected, change: DisconnectedChange, at: Instant): void {
    const event = stampDisconnected(this.#shared.stamp, connected, change, at, this.#coalesced());
    removeConnected(this.#shared, connected);
    this.#connected = undefined;
    try {
      if (!connected.isToldByOthers) {
        const leaving = isInDirectory(connected.event)
          ? leavingOf(this.#shared, connected, event)
          : undefined;
        this.#publish(event, leaving?.beforeSending);
        leaving?.published();
      }
    } finally {
      containConnection(this.#shared, () => this.#description.onDisconnected?.(change));
    }
  }

  /** The state of this device is lost: its app closes the connection, so that the device connects again. */
  #giveUp(where: 'connection' | 'tracker', error: unknown, at: Instant): void {
    this.#shared.failed(where, error);
    const basis = this.#connected?.event.basis ?? { kind: 'session', detectWithinMs: null };
    const { lastSeen = this.#beganAt() ?? at } = this.#tracked.lastPresence() ?? {};
    const change: DisconnectedChange = { type: 'disconnected', reason: 'unspecified', basis, lastSeen };
    containConnection(this.#shared, () => {
      if (this.#connected) this.#apply(change, at);
      else this.#description.onDisconnected?.(change);
    });
  }

  /** When the device was surely there, whatever its tracker knows. */
  #beganAt(): Instant | undefined {
    if (!this.#connected) return undefined;
    const { event, began = this.#shared.stamp.wall.offset() } = this.#connected;
    return (event.at - began) as Instant;
  }

  #coalesced(): number {
    return this.#shared.coalescedOf(this.#description.identity.device);
  }

  #publish(event: ConnectionEvent, beforeSending?: BeforeSending): void {
    this.#waitFor(this.#shared.publish(event, this.#description, beforeSending));
  }

  #waitFor(work: Promise<void> | undefined): void {
    this.#committing = work;
    void work?.then(() => {
      // A later event may still be on its way.
      if (this.#committing === work) this.#committing = undefined;
    });
  }

  /** The device is answered once the journal has the event and the directory knows of it: both at the same time. */
  #enter(connected: Connected): void {
    const { directory } = this.#shared;
    const entered = directory.enter(connected);
    // Without a fleet, there is nothing to wait for.
    if (directory.status === 'local') return;
    const journaled = this.#committing;
    this.#waitFor(Promise.allSettled([entered, journaled]).then(() => {}));
  }

  #add(event: ConnectedEvent, began?: WallOffset): Connected {
    const { slot } = this.#description;
    return addConnected(this.#shared, {
      event,
      ...(slot !== undefined && { slot }),
      ...(began !== undefined && { began }),
      description: this.#description,
      tracked: this.#tracked,
      releaseAccess() {},
    });
  }
}

/** Adds it to the connected devices. */
export function addConnected(shared: SharedByConnections, connected: Connected): Connected {
  connected.releaseAccess = watchAccess(shared, connected);
  shared.devices.add(connected);
  shared.announcer.add(connected);
  return connected;
}

export function removeConnected({ devices, announcer }: SharedByConnections, connected: Connected): void {
  connected.releaseAccess();
  devices.remove(connected);
  announcer.remove(connected);
}

/** How a connection that ended leaves the directory. */
export interface Leaving {
  /** Absent: there is nobody to wait for. */
  readonly beforeSending?: BeforeSending;
  /** To be called once the ending is published. */
  published(): void;
}

/**
 * A connection leaves the directory once its ending is in the journal: before that, others would have to publish the ending if this
 * process died. And the ending is sent once the directory knows of it: before that, others would publish another ending.
 */
export function leavingOf(
  { directory, endedInDoubt }: Pick<SharedByConnections, 'directory' | 'endedInDoubt'>,
  connected: Connected,
  ending: DisconnectedEvent,
): Leaving {
  if (directory.status === 'local') return { published: () => void directory.leave(connected, ending) };
  const doubtIt = (): void => {
    if (!directory.alive) endedInDoubt(connected.event.connectionId);
  };
  return {
    // Its answer may be that this incarnation was declared dead.
    beforeSending: () => directory.leave(connected, ending)?.then(doubtIt),
    published: doubtIt,
  };
}

/** A session ends with the secret that opened it; a lease belongs to the device, and each request that renews it has its own proof. */
function watchAccess({ access }: SharedByConnections, connected: Connected): () => void {
  const { identity } = connected.description;
  if (connected.event.basis.kind === 'lease')
    return access.holdLease(identity, () => endConnected(connected, 'access-revoked'));
  const held = access.holdProof(identity, (reason) => endConnected(connected, reason));
  return () => held.release();
}

/** Makes the tracker end the connection; once the event is published, the app closes the connection. */
export function endConnected({ description, tracked }: Connected, reason: EndReason, at?: Instant): void {
  if (reason === 'adapter-shutdown' && description.survivesShutdown) return;
  tracked.report(endedBecause(reason, description.endCauses), at);
}

/** Sessions are entered once they are published; shared leases before that: see `LeaseInFleet`. */
export function isInDirectory({ basis }: ConnectedEvent): boolean {
  return basis.kind === 'session';
}

/** If an app throws for one connection, the others are still handled. */
export function containConnection({ failed }: Pick<ConnectionsOptions, 'failed'>, work: () => void): void {
  try {
    work();
  } catch (error) {
    failed('connection', error);
  }
}
