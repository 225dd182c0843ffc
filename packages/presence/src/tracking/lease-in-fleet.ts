import type { Instant } from '@rollcall/core';
import type { DirectoryPlace, HeldLease, LeaseState, LifeSign } from '@rollcall/core/directory';
import { within } from '@rollcall/core/environment';
import type { ConnectedEvent } from '@rollcall/core/events';
import { reportedWithinMs, type ConnectedChange, type LeaseBasis } from '@rollcall/core/internal';
import type { Change, ConnectionTracker, DisconnectedChange, EndedSignal } from '@rollcall/core/tracker';
import type { OpenConnection } from '../host-presence.ts';
import type { SignHere } from '../shared-lease.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import { claimLease, type Claim } from './claim-lease.ts';
import { containConnection, type SharedByConnections } from './device-connection.ts';
import type { FleetLease } from './fleet-lease.ts';
import { LeaseAtAdapter, type FleetLeaseDescription } from './lease-at-adapter.ts';
import type { AfterReport } from './lease-follower.ts';
import type { Elsewhere, Ending, Held } from './lease-standing.ts';
import { OneStepAtATime } from './one-step-at-a-time.ts';
import { track, type Tracked } from './track.ts';

/** Estimates of one clock by two adapters may differ by so much. */
const sameClockMs = 500;

/** Endings by silence: a device that was heard elsewhere is not silent. */
const silences: ReadonlySet<DisconnectedChange['reason']> = new Set(['inactive', 'probe-failed']);

/**
 * A lease that its device has once in the whole fleet. Its tracker knows what this adapter hears. Before the lease begins, this asks the
 * directory whether another adapter has it; before it ends, whether this adapter still has it. Steps are taken one after the other.
 * The state of the lease at this adapter is in `LeaseAtAdapter`.
 */
export class LeaseInFleet<State, Signal> implements OpenConnection<Signal>, FleetLease {
  readonly #shared: SharedByConnections;
  readonly #description: FleetLeaseDescription;
  readonly #tracked: Tracked<Signal>;
  readonly #here: LeaseAtAdapter;
  readonly #steps = new OneStepAtATime((error) => this.#giveUp('connection', error));
  /** How many of the open steps begin the lease. */
  #toBegin = 0;

  /** Apps pass both functions on without their object. */
  readonly report = (signal: Signal | EndedSignal): void => {
    this.#tracked.report(signal);
    const sign = this.#description.shared.signOf(signal);
    if (sign) this.#heard({ ...sign, heardAt: sign.heardAt ?? this.#now() });
  };
  readonly committed = (): Promise<void> => {
    if (!this.#steps.working && !this.#here.events.committing) return Promise.resolve();
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
    this.#tracked = track(tracker, shared.clock, (change, at) => this.#changed(change, at), {
      onBroken: (error) => this.#do(() => this.#giveUp('tracker', error)),
      loop: shared.loop,
    });
    this.#here = new LeaseAtAdapter({
      ...{ shared, description, tracked: this.#tracked, fleetLease: this },
      onReported: (standing, then) => this.#reported(standing, then),
    });
    if (!resumed) return;
    this.#here.hold(resumed);
    // So the tracker sets its first deadline.
    this.#tracked.report({ type: 'deadline' });
    this.#do(() => this.#enterAgain());
  }

  heardElsewhere(sign: LifeSign): void {
    if (this.#here.standing.phase !== 'held') return;
    containConnection(this.#shared, () => this.#description.shared.heardElsewhere(sign));
    this.#here.note();
  }

  displaced(_by: DirectoryPlace): void {
    const standing = this.#here.standing;
    if (standing.phase !== 'held') return;
    this.#publishEnding(standing, standing.ending ?? this.#here.endingNow('taken-over'));
    this.#beginAgainLater();
  }

  movedAway({ instance }: DirectoryPlace): void {
    const standing = this.#here.standing;
    if (standing.phase !== 'held') return;
    this.#here.followAway(standing, instance);
  }

  endedElsewhere(): void {
    const standing = this.#here.standing;
    if (standing.phase !== 'held') return;
    this.#here.forget(standing);
    this.#beginAgainLater();
  }

  buried(isUnknown: boolean): void {
    const standing = this.#here.standing;
    if (standing.phase !== 'held') return;
    if (standing.ending && isUnknown) this.#publishEnding(standing, standing.ending);
    else this.#do(() => this.#enterAgain());
  }

  #now(): Instant {
    return this.#shared.clock.monotonic();
  }

  async #settled(): Promise<void> {
    await this.#steps.working;
    await this.#here.events.committing;
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
    return this.#here.standing.phase === 'held' || this.#here.standing.phase === 'elsewhere';
  }

  /** The device was heard here. */
  #heard(sign: SignHere): void {
    this.#here.heard.heard(sign);
    const { standing } = this.#here;
    switch (standing.phase) {
      case 'held':
      case 'elsewhere':
        this.#here.noteSign(standing, sign);
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
    if (this.#here.heard.latest && this.#here.heard.isPresent) this.#do(() => this.#beginAgain());
  }

  /** The device is here, and no adapter holds its lease. */
  async #beginAgain(): Promise<void> {
    if (this.#here.standing.phase === 'held') return;
    this.#here.stopFollowing();
    const lease = this.#tracked.presence()?.lease;
    if (lease) await this.#begin({ type: 'connected', basis: lease.basis }, this.#now());
  }

  /** Nothing is published before the directory says who holds the lease, or fails to answer in time. */
  async #begin(change: ConnectedChange, at: Instant): Promise<void> {
    const claim = await this.#claim(change, at);
    switch (claim.status) {
      case 'ours':
        this.#here.hold(this.#here.events.publishBeginning(claim.event), claim.began);
        return;
      case 'elsewhere':
        this.#here.follow(claim.lease, this.#here.heard.latest);
        return;
      case 'moved-here':
        await this.#takeOn(claim.lease);
        return;
      default:
        claim satisfies never;
    }
  }

  #claim(change: ConnectedChange, at: Instant): Promise<Claim> {
    return this.#here.entering(() =>
      claimLease(this.#shared, this.#description, { change, at }, (event) => this.#here.entryOf(event)),
    );
  }

  /**
   * Continues the lease of another adapter here, with the same connection-id.
   *
   * @param from the instance that held it.
   */
  async #takeOn(lease: HeldLease, from = lease.instance): Promise<void> {
    const { event, state } = lease;
    const { stamp, directory } = this.#shared;
    const { device } = this.#description.identity;
    this.#here.stopFollowing();
    if (this.#here.heard.isPresent) this.#description.shared.goesOn(state);
    const held = this.#here.hold(
      { ...event, device, adapter: stamp.identity },
      beganAhead(lease, this.#shared),
    );
    this.#here.note();
    this.#here.events.goesOn(held.connected);
    const { unpublished } = this.#shared;
    unpublished.set(event.connectionId, event.at);
    try {
      if (await directory.leases.isUnconfirmed({ event, instance: from }))
        this.#here.events.publishOfAnother(event);
    } finally {
      unpublished.delete(event.connectionId);
    }
  }

  #reported(standing: Elsewhere, then: AfterReport): void {
    if (then === 'take') this.#do(() => this.#take(standing));
    else if (then === 'begin-again') this.#beginAgainLater();
  }

  async #take(standing: Elsewhere): Promise<void> {
    if (this.#here.standing !== standing || !this.#here.heard.isPresent) return;
    const { lease } = standing;
    const { directory, unpublished } = this.#shared;
    unpublished.set(lease.event.connectionId, lease.event.at);
    const taking = await directory.leases.take(lease);
    if (taking.status === 'taken') return this.#takeOn(taking.lease, lease.instance);
    unpublished.delete(lease.event.connectionId);
    if (taking.status === 'gone') await this.#beginAgain();
  }

  /** Asks the directory about a lease that is open here: another adapter may have continued or ended it. */
  async #enterAgain(): Promise<void> {
    const standing = this.#here.standing;
    if (standing.phase !== 'held') return;
    const { event } = standing.connected;
    const found = await this.#shared.directory.leases.enter(this.#here.entryOf(event));
    if (this.#here.standing !== standing) return;
    if (found.status === 'ended') this.endedElsewhere();
    if (found.status !== 'elsewhere' && found.status !== 'moved-here') return;
    const { lease } = found;
    const { connectionId: connection, device } = lease.event;
    const { instance } = lease;
    if (found.status === 'elsewhere') {
      if (connection === event.connectionId) this.movedAway({ device, connection, instance });
      else this.displaced({ device, connection, instance });
    } else if (connection !== event.connectionId) {
      this.#publishEnding(standing, this.#here.endingNow('taken-over'));
      await this.#takeOn(lease);
    }
  }

  async #end(change: DisconnectedChange, at: Instant): Promise<void> {
    const standing = this.#here.standing;
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
    const giving = await leases.giveUp(this.#here.entryOf(standing.connected.event), quietMs);
    if (this.#here.standing !== standing) {
      // Another adapter has it by now: the ending here goes to the follower.
      if (this.#here.standing.phase === 'elsewhere') this.#here.endedHere(this.#here.standing, change);
      this.#here.stopFollowing();
      this.#tellEnded(change);
      return;
    }
    delete standing.ending;
    switch (giving.status) {
      case 'heard':
        if (this.#here.heard.isPresent) return;
        this.#description.shared.goesOn(
          goesOnSince(giving.agoMs, change.basis as LeaseBasis, this.#now() - change.lastSeen),
        );
        return;
      case 'gone':
        this.#here.forget(standing);
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
    this.#here.endedHere(standing, change);
    if (change.reason === 'access-revoked') {
      const taking = await this.#shared.directory.leases.take(standing.lease);
      if (taking.status === 'taken') {
        await this.#takeOn(taking.lease, standing.lease.instance);
        return this.#end(change, at);
      }
    }
    this.#here.stopFollowing();
    this.#tellEnded(change);
  }

  #publishEnding(standing: Held, ending: Ending): void {
    const event = this.#here.end(standing, ending);
    try {
      this.#here.events.publishEnding(event, standing.connected);
    } finally {
      this.#tellEnded(ending.change);
    }
  }

  /** Reports the end to the app, unless the device is back by now: the app would confuse the two. */
  #tellEnded(change: DisconnectedChange): void {
    if (this.#toBegin > 0 || this.#here.heard.isPresent) return;
    containConnection(this.#shared, () => this.#description.onDisconnected?.(change));
  }

  /** The state of this device is lost. */
  #giveUp(where: 'connection' | 'tracker', error: unknown): void {
    const { failed } = this.#shared;
    failed(where, error);
    containConnection(this.#shared, () => {
      const ending = this.#here.endingNow('unspecified');
      const standing = this.#here.standing;
      this.#here.stopFollowing();
      if (standing.phase === 'held') this.#publishEnding(standing, ending);
      else this.#description.onDisconnected?.(ending.change);
    });
  }
}

/**
 * A lease that goes on since another adapter reported its device, so long ago. The directory knows when that was reported: the device may
 * have been heard a second before that, so the silence that is told may be longer by that.
 *
 * @param silentHereMs since the device was heard here.
 */
function goesOnSince(agoMs: number, basis: LeaseBasis, silentHereMs: number): LeaseState {
  const silentMs = Math.min(agoMs + reportedWithinMs, silentHereMs);
  const leftMs = basis.intervalMs - agoMs;
  const detectWithinMs = Math.max(basis.detectWithinMs ?? basis.intervalMs, Math.ceil(silentMs + leftMs));
  return { basis: { ...basis, detectWithinMs }, silentMs, leftMs };
}

/**
 * Where the clock that stamped the beginning is ahead of the one here, all times of the lease follow that clock: its ending cannot be
 * before its beginning. A clock that is behind makes the interval longer, and not wrong.
 */
function beganAhead({ event, connectedAgoMs }: HeldLease, { clock, stamp }: SharedByConnections) {
  if (connectedAgoMs === undefined) return undefined;
  const began: WallOffset = event.at - (clock.monotonic() - connectedAgoMs);
  return began > stamp.wall.offset() + sameClockMs ? began : undefined;
}
