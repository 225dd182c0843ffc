import {
  within,
  type Change,
  type ConnectedEvent,
  type ConnectionTracker,
  type DisconnectedChange,
  type EndedSignal,
  type Instant,
} from '@rollcall/core';
import type {
  DirectoryPlace,
  HeldLease,
  LeaseEntry,
  LeaseState,
  LifeSign,
  ReportOutcome,
} from '@rollcall/core/directory';
import type { ConnectedChange, LeaseBasis } from '@rollcall/core/internal';
import type { ConnectionDescription, OpenConnection } from '../host-presence.ts';
import type { SharedLease, SignHere } from '../shared-lease.ts';
import { stampConnected, stampDisconnected } from '../stamping/stamp.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import type { Connected } from './connected-devices.ts';
import {
  addConnected,
  containConnection,
  removeConnected,
  type SharedByConnections,
} from './device-connection.ts';
import { endedBecause } from './ended-because.ts';
import type { FleetLease } from './fleet-lease.ts';
import { LeaseReports } from './lease-reports.ts';
import { track, type Tracked } from './track.ts';

/** A description of a lease that is one for its device in the whole fleet. */
export type FleetLeaseDescription = ConnectionDescription & { readonly shared: SharedLease };

/** An ending that the directory is asked about. */
interface Ending {
  readonly change: DisconnectedChange;
  readonly at: Instant;
}

/** How the lease stands here. What the tracker says is one thing, and who publishes it another. */
type Standing =
  /** It is nobody's, as far as is known here. */
  | { readonly phase: 'none' }
  /** `isOvertaken`: what the directory was asked for was lost before it answered. */
  | { readonly phase: 'entering'; isOvertaken: boolean }
  /** It is this adapter's, which publishes. */
  | { readonly phase: 'held'; readonly connected: Connected; notedAt: Instant; ending?: Ending }
  /** Another adapter has it: nothing is published here. `toldAt`: when that was last told of the device. */
  | {
      readonly phase: 'elsewhere';
      readonly lease: HeldLease;
      toldAt: Instant;
      readonly releaseAccess: () => void;
    };

type Held = Extract<Standing, { phase: 'held' }>;
type Elsewhere = Extract<Standing, { phase: 'elsewhere' }>;

const nobody: Standing = { phase: 'none' };
/** So often a lease is entered that is lost before it is published. */
const mostTries = 3;
/** Shares of its interval after which what is known of a held lease is noted again, and after which a holder must have been told. */
const noteAfter = 1 / 4;
const toldWithin = 1 / 2;
/** Endings by silence: a device that was heard elsewhere is not silent. */
const silences: ReadonlySet<DisconnectedChange['reason']> = new Set(['inactive', 'probe-failed']);

/**
 * A lease that is one for its device in the whole fleet. Its tracker knows what this adapter hears. Before it begins, the directory is
 * asked whether another adapter has it; before it ends, whether it is still here. One step is taken after the other.
 */
export class LeaseInFleet<State, Signal> implements OpenConnection<Signal>, FleetLease {
  readonly #shared: SharedByConnections;
  readonly #description: FleetLeaseDescription;
  readonly #tracked: Tracked<Signal>;
  readonly #reports: LeaseReports;
  readonly #steps: (() => Promise<void> | void)[] = [];
  #standing: Standing = nobody;
  /** While steps are taken. */
  #working: Promise<void> | undefined;
  /** While an event is on its way to the journal. */
  #committing: Promise<void> | undefined;
  /** Beginnings among the steps. */
  #toBegin = 0;
  /** What the device said last; absent: it was not heard by this incarnation. */
  #latest: SignHere | undefined;
  /** When it was last heard here; of what an earlier incarnation held, when it was last heard at all. */
  #heardAt: Instant;

  /** Apps hand both on without their object. */
  readonly report = (signal: Signal | EndedSignal): void => {
    this.#tracked.report(signal);
    const sign = this.#description.shared.signOf(signal);
    if (sign) this.#heard({ ...sign, heardAt: sign.heardAt ?? this.#now() });
  };
  readonly committed = (): Promise<void> => {
    if (!this.#working && !this.#committing) return Promise.resolve();
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
    this.#reports = new LeaseReports({
      clock: shared.clock,
      leases: shared.directory.leases,
      reported: (lease, outcome) => this.#reported(lease, outcome),
    });
    this.#tracked = track(tracker, shared.clock, (change, at) => this.#changed(change, at), {
      onBroken: (error) => this.#do(() => this.#giveUp('tracker', error)),
      loop: shared.loop,
    });
    this.#heardAt = this.#tracked.presence()?.lastSeen ?? this.#now();
    if (!resumed) return;
    this.#hold(resumed);
    // The tracker says for when it wants to be woken.
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
    if (standing.phase === 'entering') standing.isOvertaken = true;
    if (standing.phase !== 'held') return;
    this.#publishEnding(standing, standing.ending ?? this.#endingNow('taken-over'));
    this.#beginAgainLater();
  }

  movedAway({ instance }: DirectoryPlace): void {
    const standing = this.#standing;
    if (standing.phase === 'entering') standing.isOvertaken = true;
    if (standing.phase !== 'held') return;
    const { event } = standing.connected;
    const { slot, state } = this.#entryOf(event);
    this.#forget(standing);
    this.#isElsewhere({ event, slot, state, instance });
  }

  endedElsewhere(): void {
    const standing = this.#standing;
    if (standing.phase === 'entering') standing.isOvertaken = true;
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
    await this.#working;
    await this.#committing;
  }

  /** Not in the midst of what the tracker, or the directory, is doing. */
  #do(step: () => Promise<void> | void): void {
    if (this.#shared.isStopped()) return;
    this.#steps.push(step);
    if (this.#working) return;
    this.#working = Promise.resolve().then(() => this.#work());
    this.#shared.asking(this.#working);
  }

  async #work(): Promise<void> {
    for (let step = this.#steps.shift(); step; step = this.#steps.shift())
      try {
        await step();
      } catch (error) {
        this.#giveUp('connection', error);
      }
    this.#working = undefined;
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
    this.#latest = sign;
    this.#heardAt = sign.heardAt ?? this.#now();
    const standing = this.#standing;
    switch (standing.phase) {
      case 'held':
        if (this.#now() - standing.notedAt >= noteAfter * this.#intervalMs(standing.connected.event))
          this.#note();
        return;
      case 'elsewhere':
        this.#reports.report(standing.lease, sign);
        return;
      case 'none':
        if (!this.#working) this.#beginAgainLater();
        return;
      case 'entering':
        return;
      default:
        standing satisfies never;
    }
  }

  #beginAgainLater(): void {
    if (this.#latest && this.#tracked.presence()) this.#do(() => this.#beginAgain());
  }

  /** The device is here, and nobody holds its lease. */
  async #beginAgain(): Promise<void> {
    if (this.#standing.phase === 'held') return;
    this.#leaveElsewhere();
    const lease = this.#tracked.presence()?.lease;
    if (lease) await this.#begin({ type: 'connected', basis: lease.basis }, this.#now());
  }

  /** Nothing is published before the directory says whose lease it is, or does not in time. */
  async #begin(change: ConnectedChange, at: Instant): Promise<void> {
    const { directory, stamp, entering } = this.#shared;
    for (let tries = 1; ; tries++) {
      // What an event says once is said by the one that is published.
      const sayNothing = { ...stamp, journalFor: () => undefined };
      const event = stampConnected(sayNothing, this.#description, change, at, 0);
      const began = stamp.wall.offset();
      const entry = this.#entryOf(event);
      const standing: Standing = { phase: 'entering', isOvertaken: false };
      this.#standing = standing;
      entering.set(event.connectionId, this);
      const { status, ...found } = await directory.leases.enter(entry);
      entering.delete(event.connectionId);
      this.#standing = nobody;
      if ('lease' in found && status === 'elsewhere') return this.#isElsewhere(found.lease, this.#latest);
      if ('lease' in found && status === 'moved-here') return this.#takeOn(found.lease);
      const isOurs = !standing.isOvertaken && event.adapter.instance === stamp.identity.instance;
      if ((isOurs && status !== 'ended') || tries === mostTries) return this.#publishBeginning(event, began);
      directory.leave(entry);
    }
  }

  #publishBeginning(stamped: ConnectedEvent, began: WallOffset): void {
    const { stamp } = this.#shared;
    const coalesced = this.#coalesced();
    const journal = stamp.journalFor(stamped.device.tenant);
    const event = { ...stamped, ...(coalesced > 0 && { coalesced }), ...(journal && { journal }) };
    try {
      this.#publish(event);
    } catch (error) {
      this.#shared.directory.leave({ event });
      throw error;
    }
    this.#hold(event, began);
  }

  /** Under the same connection id. */
  #takeOn({ event, state }: HeldLease): void {
    const { stamp, moved } = this.#shared;
    const { device } = this.#description.identity;
    this.#leaveElsewhere();
    if (this.#tracked.presence()) this.#description.shared.goesOn(state);
    const held = this.#hold({ ...event, device, adapter: stamp.identity });
    this.#note();
    this.#waitFor(moved(held.connected));
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
    const { access } = this.#shared;
    const { identity, endCauses } = this.#description;
    const releaseAccess = access.holdLease(identity, () =>
      this.#tracked.report(endedBecause('access-revoked', endCauses)),
    );
    this.#standing = { phase: 'elsewhere', lease, toldAt: this.#now(), releaseAccess };
    if (sign) this.#reports.report(lease, sign);
  }

  #leaveElsewhere(): void {
    if (this.#standing.phase !== 'elsewhere') return;
    this.#standing.releaseAccess();
    this.#reports.forget();
    this.#standing = nobody;
  }

  #reported(lease: HeldLease, outcome: ReportOutcome): void {
    const standing = this.#standing;
    if (standing.phase !== 'elsewhere' || standing.lease !== lease) return;
    const { intervalMs } = lease.state.basis;
    switch (outcome.status) {
      case 'told':
        standing.toldAt = this.#now();
        if (outcome.holderSilentMs >= intervalMs) this.#do(() => this.#take(standing));
        return;
      case 'gone':
        this.#beginAgainLater();
        return;
      case 'unknown':
        // Its holder keeps it for an interval. After that, what is heard here counts, and the directory hears of it later.
        if (this.#now() - standing.toldAt >= toldWithin * intervalMs) this.#beginAgainLater();
        return;
      default:
        outcome satisfies never;
    }
  }

  async #take(standing: Elsewhere): Promise<void> {
    if (this.#standing !== standing || !this.#tracked.presence()) return;
    const taking = await this.#shared.directory.leases.take(standing.lease);
    if (taking.status === 'taken') this.#takeOn(taking.lease);
    else if (taking.status === 'gone') await this.#beginAgain();
  }

  /** It is open here, and the directory may know better. */
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
      this.#takeOn(lease);
    }
  }

  async #end(change: DisconnectedChange, at: Instant): Promise<void> {
    const standing = this.#standing;
    if (standing.phase === 'held') await this.#endHeld(standing, { change, at });
    else if (standing.phase === 'elsewhere') await this.#endElsewhere(standing, { change, at });
    else this.#tellEnded(change);
  }

  /** It ends once the directory says that it is still here; on what is known here, where that does not answer. */
  async #endHeld(standing: Held, ending: Ending): Promise<void> {
    const { leases } = this.#shared.directory;
    const { change } = ending;
    standing.ending = ending;
    const { intervalMs } = change.basis.kind === 'lease' ? change.basis : { intervalMs: 0 };
    const quietMs = silences.has(change.reason) ? intervalMs : 0;
    const giving = await leases.giveUp(this.#entryOf(standing.connected.event), quietMs);
    if (this.#standing !== standing) {
      // Another adapter has it by now: a device that leaves there was told so.
      if (this.#standing.phase === 'elsewhere') this.#sayGoodbye(this.#standing, change);
      this.#leaveElsewhere();
      this.#tellEnded(change);
      return;
    }
    delete standing.ending;
    switch (giving.status) {
      case 'heard':
        if (this.#tracked.presence()) return;
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

  /** What ends here is what was heard here. The lease goes on, unless the device says that it leaves, or may not stay. */
  async #endElsewhere(standing: Elsewhere, { change, at }: Ending): Promise<void> {
    this.#sayGoodbye(standing, change);
    if (change.reason === 'access-revoked') {
      const taking = await this.#shared.directory.leases.take(standing.lease);
      if (taking.status === 'taken') {
        this.#takeOn(taking.lease);
        return this.#end(change, at);
      }
    }
    this.#leaveElsewhere();
    this.#tellEnded(change);
  }

  #sayGoodbye({ lease }: Elsewhere, { reason, lastSeen, endedAt = lastSeen }: DisconnectedChange): void {
    if (reason === 'client-closed') this.#reports.goodbye(lease, this.#now() - endedAt);
  }

  #endingNow(reason: DisconnectedChange['reason']): Ending {
    const at = this.#now();
    const { lastSeen = at, lease } = this.#tracked.presence() ?? {};
    const basis = lease?.basis ?? this.#basis();
    return {
      change: { type: 'disconnected', reason, basis, lastSeen, ...(lease && { until: lease.until }) },
      at,
    };
  }

  #basis(): DisconnectedChange['basis'] {
    return this.#standing.phase === 'held'
      ? this.#standing.connected.event.basis
      : { kind: 'session', detectWithinMs: null };
  }

  #publishEnding({ connected }: Held, { change, at }: Ending): void {
    const event = stampDisconnected(this.#shared.stamp, connected, change, at, this.#coalesced());
    removeConnected(this.#shared, connected);
    this.#standing = nobody;
    try {
      this.#publish(event);
      this.#leave(connected);
    } finally {
      this.#tellEnded(change);
    }
  }

  /** Until its ending is in the journal, others would have to tell it, should this process die. */
  #leave(connected: Connected): void {
    const { directory, endedInDoubt } = this.#shared;
    if (!directory.alive) endedInDoubt(connected.event.connectionId);
    const journaled = this.#committing;
    if (journaled) void journaled.then(() => directory.leave(connected));
    else directory.leave(connected);
  }

  /** Others tell how it ends. */
  #forget({ connected }: Held): void {
    removeConnected(this.#shared, connected);
    this.#standing = nobody;
    this.#shared.endedByOthers(connected.event.connectionId);
  }

  /** Not where the device is back by now: its app would take it for another one. */
  #tellEnded(change: DisconnectedChange): void {
    if (this.#toBegin > 0 || this.#tracked.presence()) return;
    containConnection(this.#shared, () => this.#description.onDisconnected?.(change));
  }

  /** What becomes of this device is not known any more. */
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
    return { event, slot: this.#description.identity.authId, state: this.#stateOf(event) };
  }

  #stateOf({ basis }: ConnectedEvent): LeaseState {
    const now = this.#now();
    const { lease } = this.#tracked.presence() ?? {};
    const learned = this.#description.shared.learned();
    return {
      basis: lease?.basis ?? (basis as LeaseBasis),
      silentMs: now - this.#heardAt,
      leftMs: (lease?.until ?? now) - now,
      ...(learned !== undefined && { learned }),
    };
  }

  #intervalMs({ basis }: ConnectedEvent): number {
    return basis.kind === 'lease' ? basis.intervalMs : 0;
  }

  #coalesced(): number {
    return this.#shared.coalescedOf(this.#description.identity.device);
  }

  #publish(event: Parameters<SharedByConnections['publish']>[0]): void {
    this.#waitFor(this.#shared.publish(event, this.#description));
  }

  #waitFor(work: Promise<void> | undefined): void {
    const committing = work?.then(() => {
      // A later event may have to be waited for still.
      if (this.#committing === committing) this.#committing = undefined;
    });
    this.#committing = committing;
  }
}
