import type { Instant } from '@rollcall/core';
import type { DirectoryPlace, HeldLease, LeaseEntry, LifeSign } from '@rollcall/core/directory';
import { within } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { ConnectedChange, LeaseBasis } from '@rollcall/core/internal';
import type { Change, ConnectionTracker, DisconnectedChange, EndedSignal } from '@rollcall/core/tracker';
import type { ConnectionDescription, OpenConnection } from '../host-presence.ts';
import type { SharedLease, SignHere } from '../shared-lease.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import { claimLease, type Claim } from './claim-lease.ts';
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
import { OneStepAtATime } from './one-step-at-a-time.ts';
import { track, type Tracked } from './track.ts';

/** The description of a lease that its device has once in the whole fleet. */
export type FleetLeaseDescription = ConnectionDescription & { readonly shared: SharedLease };

/** After which share of its interval the state of a held lease is noted again. */
const noteAfter = 1 / 4;
/** Endings by silence: a device that was heard elsewhere is not silent. */
const silences: ReadonlySet<DisconnectedChange['reason']> = new Set(['inactive', 'probe-failed']);

/**
 * A lease that its device has once in the whole fleet. Its tracker knows what this adapter hears. Before it begins, the directory is
 * asked whether another adapter has it; before it ends, whether this adapter still has it. Steps are taken one after the other.
 */
export class LeaseInFleet<State, Signal> implements OpenConnection<Signal>, FleetLease {
  readonly #shared: SharedByConnections;
  readonly #description: FleetLeaseDescription;
  readonly #tracked: Tracked<Signal>;
  readonly #events: LeaseEvents;
  readonly #follower: LeaseFollower;
  readonly #steps = new OneStepAtATime((error) => this.#giveUp('connection', error));
  readonly #here: HeardHere;
  #standing: Standing = nobody;
  /** How many of the open steps begin the lease. */
  #toBegin = 0;

  /** Apps pass both functions on without their object. */
  readonly report = (signal: Signal | EndedSignal): void => {
    this.#tracked.report(signal);
    const sign = this.#description.shared.signOf(signal);
    if (sign) this.#heard({ ...sign, heardAt: sign.heardAt ?? this.#now() });
  };
  readonly committed = (): Promise<void> => {
    if (!this.#steps.working && !this.#events.committing) return Promise.resolve();
    const { commitWaitMs, clock } = this.#shared;
    return within(this.#settled(), commitWaitMs, clock);
  };

  /** @param resumed the event that an earlier incarnation published: the lease goes on, unless another adapter has it. */
  constructor(
    shared: SharedByConnections,
    tracker: ConnectionTracker<State, Signal>,
    description: FleetLeaseDescription,
    resumed?: ConnectedEvent,
  ) {
    this.#shared = shared;
    this.#description = description;
    this.#events = new LeaseEvents(shared, description);
    this.#tracked = track(tracker, shared.clock, (change, at) => this.#changed(change, at), {
      onBroken: (error) => this.#do(() => this.#giveUp('tracker', error)),
      loop: shared.loop,
    });
    this.#follower = new LeaseFollower({
      shared,
      description,
      tracked: this.#tracked,
      followed: () => (this.#standing.phase === 'elsewhere' ? this.#standing : undefined),
      onReported: (standing, then) => this.#reported(standing, then),
    });
    this.#here = new HeardHere(shared.clock, this.#tracked, description.shared);
    if (!resumed) return;
    this.#hold(resumed);
    // So the tracker sets its first deadline.
    this.#tracked.report({ type: 'deadline' });
    this.#do(() => this.#enterAgain());
  }

  heardElsewhere(sign: LifeSign): void {
    if (this.#standing.phase !== 'held') return;
    containConnection(this.#shared, () => this.#description.shared.heardElsewhere(sign));
    this.#note();
  }

  displaced(_by: DirectoryPlace): void {
    const standing = this.#standing;
    if (standing.phase !== 'held') return;
    this.#publishEnding(standing, standing.ending ?? this.#endingNow('taken-over'));
    this.#beginAgainLater();
  }

  movedAway({ instance }: DirectoryPlace): void {
    const standing = this.#standing;
    if (standing.phase !== 'held') return;
    const { event } = standing.connected;
    const { slot, state } = this.#entryOf(event);
    this.#forget(standing);
    this.#isElsewhere({ event, slot, state, instance });
  }

  endedElsewhere(): void {
    const standing = this.#standing;
    if (standing.phase !== 'held') return;
    this.#forget(standing);
    this.#beginAgainLater();
  }

  buried(isUnknown: boolean): void {
    const standing = this.#standing;
    if (standing.phase !== 'held') return;
    if (standing.ending && isUnknown) this.#publishEnding(standing, standing.ending);
    else this.#do(() => this.#enterAgain());
  }

  #now(): Instant {
    return this.#shared.clock.monotonic();
  }

  async #settled(): Promise<void> {
    await this.#steps.working;
    await this.#events.committing;
  }

  /** Takes a step later, not while the tracker or the directory is in a call. */
  #do(step: () => Promise<void> | void): void {
    if (this.#shared.isStopped()) return;
    const working = this.#steps.take(step);
    if (working) this.#shared.asking(working);
  }

  #changed(change: Change, at: Instant): void {
    if (change.type === 'disconnected') {
      this.#do(() => this.#end(change, at));
      return;
    }
    this.#toBegin += 1;
    this.#do(() => {
      this.#toBegin -= 1;
      return this.#isServed() ? undefined : this.#begin(change, at);
    });
  }

  #isServed(): boolean {
    return this.#standing.phase === 'held' || this.#standing.phase === 'elsewhere';
  }

  /** The device was heard here. */
  #heard(sign: SignHere): void {
    this.#here.heard(sign);
    const standing = this.#standing;
    switch (standing.phase) {
      case 'held':
        if (this.#now() - standing.notedAt >= noteAfter * this.#intervalMs(standing.connected.event))
          this.#note();
        return;
      case 'elsewhere':
        this.#follower.heard(standing, sign);
        return;
      case 'none':
        if (!this.#steps.working) this.#beginAgainLater();
        return;
      case 'entering':
        return;
      default:
        standing satisfies never;
    }
  }

  #beginAgainLater(): void {
    if (this.#here.latest && this.#here.isPresent) this.#do(() => this.#beginAgain());
  }

  /** The device is here, and no adapter holds its lease. */
  async #beginAgain(): Promise<void> {
    if (this.#standing.phase === 'held') return;
    this.#leaveElsewhere();
    const lease = this.#tracked.presence()?.lease;
    if (lease) await this.#begin({ type: 'connected', basis: lease.basis }, this.#now());
  }

  /** Nothing is published before the directory says who holds the lease, or fails to answer in time. */
  async #begin(change: ConnectedChange, at: Instant): Promise<void> {
    const claim = await this.#claim(change, at);
    switch (claim.status) {
      case 'ours':
        this.#hold(this.#events.publishBeginning(claim.event), claim.began);
        return;
      case 'elsewhere':
        this.#isElsewhere(claim.lease, this.#here.latest);
        return;
      case 'moved-here':
        await this.#takeOn(claim.lease);
        return;
      default:
        claim satisfies never;
    }
  }

  async #claim(change: ConnectedChange, at: Instant): Promise<Claim> {
    this.#standing = { phase: 'entering' };
    try {
      return await claimLease(this.#shared, this.#description, { change, at }, (event) =>
        this.#entryOf(event),
      );
    } finally {
      this.#standing = nobody;
    }
  }

  /**
   * Under the same connection id.
   *
   * @param from the instance that held it.
   */
  async #takeOn({ event, state, instance }: HeldLease, from = instance): Promise<void> {
    const { stamp, directory } = this.#shared;
    const { device } = this.#description.identity;
    this.#leaveElsewhere();
    if (this.#here.isPresent) this.#description.shared.goesOn(state);
    const held = this.#hold({ ...event, device, adapter: stamp.identity });
    this.#note();
    this.#events.goesOn(held.connected);
    if (await directory.leases.isUnconfirmed({ event, instance: from })) this.#events.publishOfAnother(event);
  }

  #hold(event: ConnectedEvent, began?: WallOffset): Held {
    const connected = addConnected(this.#shared, {
      event,
      ...(began !== undefined && { began }),
      description: this.#description,
      tracked: this.#tracked,
      fleetLease: this,
      releaseAccess() {},
    });
    const held: Held = { phase: 'held', connected, notedAt: this.#now() };
    this.#standing = held;
    if (!this.#shared.isServing())
      containConnection(this.#shared, () => this.#description.servingChanged?.(false));
    return held;
  }

  #isElsewhere(lease: HeldLease, sign?: SignHere): void {
    const standing = this.#follower.follow(lease);
    this.#standing = standing;
    if (sign) this.#follower.heard(standing, sign);
  }

  #leaveElsewhere(): void {
    if (this.#standing.phase !== 'elsewhere') return;
    this.#follower.leave(this.#standing);
    this.#standing = nobody;
  }

  #reported(standing: Elsewhere, then: AfterReport): void {
    if (then === 'take') this.#do(() => this.#take(standing));
    else if (then === 'begin-again') this.#beginAgainLater();
  }

  async #take(standing: Elsewhere): Promise<void> {
    if (this.#standing !== standing || !this.#here.isPresent) return;
    const taking = await this.#shared.directory.leases.take(standing.lease);
    if (taking.status === 'taken') await this.#takeOn(taking.lease, standing.lease.instance);
    else if (taking.status === 'gone') await this.#beginAgain();
  }

  /** The lease is open here, but the directory may know more. */
  async #enterAgain(): Promise<void> {
    const standing = this.#standing;
    if (standing.phase !== 'held') return;
    const { event } = standing.connected;
    const found = await this.#shared.directory.leases.enter(this.#entryOf(event));
    if (this.#standing !== standing) return;
    if (found.status === 'ended') this.endedElsewhere();
    if (found.status !== 'elsewhere' && found.status !== 'moved-here') return;
    const { lease } = found;
    const { connectionId: connection, device } = lease.event;
    const { instance } = lease;
    if (found.status === 'elsewhere') {
      if (connection === event.connectionId) this.movedAway({ device, connection, instance });
      else this.displaced({ device, connection, instance });
    } else if (connection !== event.connectionId) {
      this.#publishEnding(standing, this.#endingNow('taken-over'));
      await this.#takeOn(lease);
    }
  }

  async #end(change: DisconnectedChange, at: Instant): Promise<void> {
    const standing = this.#standing;
    if (standing.phase === 'held') await this.#endHeld(standing, { change, at });
    else if (standing.phase === 'elsewhere') await this.#endElsewhere(standing, { change, at });
    else this.#tellEnded(change);
  }

  /** Ends the lease once the directory says that it is still here. If the directory does not answer, the state here decides. */
  async #endHeld(standing: Held, ending: Ending): Promise<void> {
    const { leases } = this.#shared.directory;
    const { change } = ending;
    standing.ending = ending;
    const { intervalMs } = change.basis.kind === 'lease' ? change.basis : { intervalMs: 0 };
    const quietMs = silences.has(change.reason) ? intervalMs : 0;
    const giving = await leases.giveUp(this.#entryOf(standing.connected.event), quietMs);
    if (this.#standing !== standing) {
      // Another adapter has it by now: the ending here goes to the follower.
      if (this.#standing.phase === 'elsewhere') this.#follower.ended(this.#standing, change);
      this.#leaveElsewhere();
      this.#tellEnded(change);
      return;
    }
    delete standing.ending;
    switch (giving.status) {
      case 'heard':
        if (this.#here.isPresent) return;
        this.#description.shared.goesOn({
          basis: change.basis as LeaseBasis,
          silentMs: giving.agoMs,
          leftMs: intervalMs - giving.agoMs,
        });
        return;
      case 'gone':
        this.#forget(standing);
        this.#tellEnded(change);
        return;
      case 'given-up':
      case 'unknown':
        this.#publishEnding(standing, ending);
        return;
      default:
        giving satisfies never;
    }
  }

  /** Only the tracker here ends. The lease goes on, unless the device said goodbye, or may not stay. */
  async #endElsewhere(standing: Elsewhere, { change, at }: Ending): Promise<void> {
    this.#follower.ended(standing, change);
    if (change.reason === 'access-revoked') {
      const taking = await this.#shared.directory.leases.take(standing.lease);
      if (taking.status === 'taken') {
        await this.#takeOn(taking.lease, standing.lease.instance);
        return this.#end(change, at);
      }
    }
    this.#leaveElsewhere();
    this.#tellEnded(change);
  }

  #endingNow(reason: DisconnectedChange['reason']): Ending {
    return this.#here.endingNow(reason, this.#basis());
  }

  #basis(): DisconnectedChange['basis'] {
    return this.#standing.phase === 'held'
      ? this.#standing.connected.event.basis
      : { kind: 'session', detectWithinMs: null };
  }

  #publishEnding({ connected }: Held, ending: Ending): void {
    const event = this.#events.endingOf(connected, ending);
    removeConnected(this.#shared, connected);
    this.#standing = nobody;
    try {
      this.#events.publishEnding(event, connected);
    } finally {
      this.#tellEnded(ending.change);
    }
  }

  /** Others publish its ending. */
  #forget({ connected }: Held): void {
    removeConnected(this.#shared, connected);
    this.#standing = nobody;
    this.#shared.endedByOthers(connected.event.connectionId);
  }

  /** Reports the end to the app, unless the device is back by now: the app would confuse the two. */
  #tellEnded(change: DisconnectedChange): void {
    if (this.#toBegin > 0 || this.#here.isPresent) return;
    containConnection(this.#shared, () => this.#description.onDisconnected?.(change));
  }

  /** The state of this device is lost. */
  #giveUp(where: 'connection' | 'tracker', error: unknown): void {
    const { failed } = this.#shared;
    failed(where, error);
    containConnection(this.#shared, () => {
      const ending = this.#endingNow('unspecified');
      const standing = this.#standing;
      this.#leaveElsewhere();
      if (standing.phase === 'held') this.#publishEnding(standing, ending);
      else this.#description.onDisconnected?.(ending.change);
    });
  }

  #note(): void {
    const standing = this.#standing;
    if (standing.phase !== 'held') return;
    standing.notedAt = this.#now();
    const { event } = standing.connected;
    this.#shared.directory.leases.note(event.connectionId, this.#entryOf(event).state);
  }

  #entryOf(event: ConnectedEvent): LeaseEntry {
    const state = this.#here.state(event.basis as LeaseBasis);
    return { event, slot: this.#description.identity.authId, state };
  }

  #intervalMs({ basis }: ConnectedEvent): number {
    return basis.kind === 'lease' ? basis.intervalMs : 0;
  }
}
