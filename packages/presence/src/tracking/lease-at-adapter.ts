import type { Instant } from '@rollcall/core';
import type { HeldLease, LeaseEntry } from '@rollcall/core/directory';
import type { ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import type { LeaseBasis } from '@rollcall/core/internal';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { ConnectionDescription } from '../host-presence.ts';
import type { SharedLease, SignHere } from '../shared-lease.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import {
  addConnected,
  containConnection,
  removeConnected,
  type SharedByConnections,
} from './device-connection.ts';
import type { FleetLease } from './fleet-lease.ts';
import { HeardHere } from './heard-here.ts';
import { LeaseEvents } from './lease-events.ts';
import { LeaseFollower, type AfterReport } from './lease-follower.ts';
import { nobody, type Elsewhere, type Ending, type Held, type Standing } from './lease-standing.ts';
import type { Tracked } from './track.ts';

/** The description of a lease that its device has once in the whole fleet. */
export type FleetLeaseDescription = ConnectionDescription & { readonly shared: SharedLease };

export interface LeaseAtAdapterOptions {
  readonly shared: SharedByConnections;
  readonly description: FleetLeaseDescription;
  readonly tracked: Tracked<never>;
  /** Gets the reports of the directory while this adapter holds the lease. */
  readonly fleetLease: FleetLease;
  onReported(followed: Elsewhere, then: AfterReport): void;
}

/** After which share of its interval the state of a held lease is noted again. */
const noteAfter = 1 / 4;
/** A basis that changed by more than this share is noted at once. */
const smallStep = 1 / 10;

/**
 * The standing of a fleet's lease at this adapter, with what each change of it needs: the entry among the connected devices, the events,
 * and the reports to the adapter that holds the lease. Nothing here waits for the directory.
 */
export class LeaseAtAdapter {
  readonly heard: HeardHere;
  readonly events: LeaseEvents;
  readonly #options: LeaseAtAdapterOptions;
  readonly #follower: LeaseFollower;
  #standing: Standing = nobody;

  constructor(options: LeaseAtAdapterOptions) {
    const { shared, description, tracked, onReported } = options;
    this.#options = options;
    this.heard = new HeardHere({ clock: shared.clock, loop: shared.stamp.loop }, tracked, description.shared);
    this.events = new LeaseEvents(shared, description);
    this.#follower = new LeaseFollower({
      ...{ shared, description, tracked, onReported },
      followed: () => (this.#standing.phase === 'elsewhere' ? this.#standing : undefined),
    });
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** While the directory is asked who holds the lease. */
  async entering<Result>(ask: () => Promise<Result>): Promise<Result> {
    this.#standing = { phase: 'entering' };
    try {
      return await ask();
    } finally {
      this.#standing = nobody;
    }
  }

  /** This adapter holds the lease from now on. @param event the beginning of the lease, which is published. */
  hold(event: ConnectedEvent, began?: WallOffset): Held {
    const { shared, description, tracked, fleetLease } = this.#options;
    const connected = addConnected(shared, {
      event,
      ...(began !== undefined && { began }),
      ...{ description, tracked, fleetLease },
      releaseAccess() {},
    });
    const notedBasis = this.heard.basis(event.basis as LeaseBasis);
    const held: Held = { phase: 'held', connected, notedAt: this.#now(), notedBasis };
    this.#standing = held;
    if (!shared.isServing()) containConnection(shared, () => description.servingChanged?.(false));
    return held;
  }

  /** Another adapter holds the lease. @param sign the latest sign of the device here, which is reported to the holder. */
  follow(lease: HeldLease, sign?: SignHere): void {
    const standing = this.#follower.follow(lease);
    this.#standing = standing;
    if (sign) this.#follower.heard(standing, sign);
  }

  /** The held lease moved to another instance. */
  followAway(held: Held, instance: string): void {
    const { event } = held.connected;
    const { slot, state } = this.entryOf(event);
    this.forget(held);
    this.follow({ event, slot, state, instance });
  }

  stopFollowing(): void {
    if (this.#standing.phase !== 'elsewhere') return;
    this.#follower.leave(this.#standing);
    this.#standing = nobody;
  }

  /** The device was heard here, and the lease is held, here or elsewhere. */
  noteSign(standing: Held | Elsewhere, sign: SignHere): void {
    if (standing.phase === 'elsewhere') {
      this.#follower.heard(standing, sign);
      return;
    }
    const basis = this.heard.basis(standing.notedBasis);
    const isDue = this.#now() - standing.notedAt >= noteAfter * basis.intervalMs;
    // Should this adapter die, others tell the ending by what was noted.
    if (isDue || isAnother(basis, standing.notedBasis)) this.note();
  }

  /** The tracker here ended while another adapter holds the lease. */
  endedHere(standing: Elsewhere, change: DisconnectedChange): void {
    this.#follower.ended(standing, change);
  }

  /** Notes the state of a held lease in the directory. */
  note(): void {
    const standing = this.#standing;
    if (standing.phase !== 'held') return;
    standing.notedAt = this.#now();
    const { event } = standing.connected;
    const { state } = this.entryOf(event);
    standing.notedBasis = state.basis;
    this.#options.shared.directory.leases.note(event.connectionId, state);
  }

  /** Ends the held lease. @returns its event, which the caller publishes. */
  end({ connected }: Held, ending: Ending): DisconnectedEvent {
    const event = this.events.endingOf(connected, ending);
    removeConnected(this.#options.shared, connected);
    this.#standing = nobody;
    return event;
  }

  /** Ends the held lease here: another adapter publishes its ending. */
  forget({ connected }: Held): void {
    const { shared } = this.#options;
    removeConnected(shared, connected);
    this.#standing = nobody;
    shared.endedByOthers(connected.event.connectionId);
  }

  entryOf(event: ConnectedEvent): LeaseEntry {
    const state = this.heard.state(event.basis as LeaseBasis);
    return { event, slot: this.#options.description.identity.authId, state };
  }

  endingNow(reason: DisconnectedChange['reason']): Ending {
    const standing = this.#standing;
    const otherwise: DisconnectedChange['basis'] =
      standing.phase === 'held' ? standing.connected.event.basis : { kind: 'session', detectWithinMs: null };
    return this.heard.endingNow(reason, otherwise);
  }

  #now(): Instant {
    return this.#options.shared.clock.monotonic();
  }
}

/** Whether a basis says something else, apart from small steps of an interval that is being learned. */
function isAnother(basis: LeaseBasis, noted: LeaseBasis): boolean {
  const { intervalMs, detectWithinMs = intervalMs } = basis;
  const notedMs = noted.detectWithinMs ?? noted.intervalMs;
  return basis.from !== noted.from || Math.abs(detectWithinMs - notedMs) > notedMs * smallStep;
}
