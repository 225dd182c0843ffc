import type { ConnectionId, Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type {
  DirectoryLeases,
  GivingUp,
  HeldLease,
  LeaseEntry,
  LeaseStanding,
  LeaseState,
  LifeSign,
  ReportOutcome,
  Taking,
} from '@rollcall/core/directory';
import { isUnconfirmed, slotKey, type SlotHolder } from '@rollcall/core/internal';
import type { MemoryDirectory } from './memory-directory.ts';

const reportEveryMs = 1_000;

interface Waiting {
  sign: LifeSign;
  readonly outcome: PromiseWithResolvers<ReportOutcome>;
}

/** The leases of a {@link MemoryDirectory}. */
export class MemoryLeases implements DirectoryLeases {
  readonly #of: MemoryDirectory;
  /** When a lease was last reported from here. */
  readonly #reported = new Map<ConnectionId, Instant>();
  readonly #waiting = new Map<ConnectionId, Waiting>();

  constructor(of: MemoryDirectory) {
    this.#of = of;
  }

  enter(entry: LeaseEntry): Promise<LeaseStanding> {
    this.#of.own.add(entry);
    if (!this.#of.isReachable) return Promise.resolve({ status: 'unknown' });
    return this.#of.answer<LeaseStanding>(
      () => this.#enter(entry),
      { status: 'unknown' },
      () => this.assert(entry),
    );
  }

  #enter(entry: LeaseEntry): LeaseStanding {
    const standing = this.#claim(entry);
    if (standing.status !== 'held') this.#of.own.delete(entry);
    if (standing.status === 'moved-here')
      this.#of.own.add({
        event: standing.lease.event,
        slot: standing.lease.slot,
        state: standing.lease.state,
      } as LeaseEntry);
    return standing;
  }

  report(lease: HeldLease, sign: LifeSign): Promise<ReportOutcome> {
    const { connectionId } = lease.event;
    const { clock } = this.#of.context;
    const waiting = this.#waiting.get(connectionId);
    if (waiting && sign.kind !== 'goodbye') {
      waiting.sign = sign;
      return waiting.outcome.promise;
    }
    const before = this.#reported.get(connectionId);
    const now = clock.monotonic();
    if (before === undefined || now - before >= reportEveryMs || sign.kind === 'goodbye')
      return Promise.resolve(this.#tell(lease, sign));
    const outcome = Promise.withResolvers<ReportOutcome>();
    const added: Waiting = { sign, outcome };
    this.#waiting.set(connectionId, added);
    clock.at(later(before, reportEveryMs), () => {
      this.#waiting.delete(connectionId);
      outcome.resolve(this.#tell(lease, added.sign));
    });
    return outcome.promise;
  }

  take(lease: HeldLease): Promise<Taking> {
    const { engine, identity, instance } = this.#of;
    if (!this.#of.isReachable) return Promise.resolve({ status: 'unknown' });
    const { key, holder } = this.#holderOf(lease);
    if (
      key === undefined ||
      holder?.connection !== lease.event.connectionId ||
      holder.instance !== lease.instance ||
      engine.isEnding(holder)
    )
      return Promise.resolve({ status: 'gone' });
    const before = engine.members.get(holder.instance);
    engine.move(key, holder, identity.type, instance);
    this.#of.own.add(holder.entry);
    before?.own.delete(holder.entry);
    before?.notify(() =>
      before.context.listener.leases.movedAway(holder.connection, this.#of.placeOf(holder)),
    );
    return Promise.resolve({ status: 'taken', lease: engine.leaseOf(holder) });
  }

  isUnconfirmed({ event, instance }: Pick<HeldLease, 'event' | 'instance'>): Promise<boolean> {
    const { engine, isReachable } = this.#of;
    return Promise.resolve(!isReachable || isUnconfirmed(event, engine.unconfirmedSince(instance)));
  }

  giveUp(entry: LeaseEntry, quietMs: number): Promise<GivingUp> {
    if (!this.#of.isReachable) return Promise.resolve({ status: 'unknown' });
    return this.#of.answer<GivingUp>(() => this.#giveUp(entry, quietMs), { status: 'unknown' });
  }

  #giveUp(entry: LeaseEntry, quietMs: number): GivingUp {
    const { key, holder } = this.#holderOf(entry);
    const isHere = holder?.connection === entry.event.connectionId && holder.instance === this.#of.instance;
    if (key === undefined || !isHere) return { status: 'gone' };
    const reportedAt = holder.lease?.reportedAt;
    const agoMs = reportedAt === undefined ? Infinity : this.#of.engine.clock.monotonic() - reportedAt;
    if (agoMs < quietMs) return { status: 'heard', agoMs };
    this.#of.engine.slots.delete(key);
    return { status: 'given-up' };
  }

  note(connection: ConnectionId, state: LeaseState): void {
    const entry = this.#of.own.get(connection);
    if (!entry || !this.#of.isReachable) return;
    const { holder } = this.#holderOf(entry as LeaseEntry);
    if (holder?.connection !== connection || !holder.lease) return;
    holder.lease.state = state;
    holder.lease.notedAt = this.#of.engine.clock.monotonic();
  }

  /** Tells the engine again of a lease that is open here. */
  assert(entry: LeaseEntry): void {
    const { own, context, engine, identity, instance } = this.#of;
    const { connectionId } = entry.event;
    const standing = this.#claim(entry);
    if (standing.status === 'held' || standing.status === 'unknown') return;
    if (standing.status === 'ended') {
      own.delete(entry);
      context.listener.leases.endedElsewhere(connectionId);
      return;
    }
    if (standing.status === 'moved-here') {
      // It was published: of the two, the one that is served goes on, and the ending of the other is owed.
      const { key, holder } = this.#holderOf(entry);
      if (key === undefined || !holder) return;
      engine.remove(instance, holder.connection);
      engine.add(standing.lease.instance, identity.type, holder.entry);
      engine.add(instance, identity.type, entry);
      engine.hold(key, instance, entry, entry.event.epoch);
      return;
    }
    const { event, instance: holder } = standing.lease;
    const by = { device: event.device, connection: event.connectionId, instance: holder };
    if (event.connectionId !== connectionId) this.#of.displaced(connectionId, by);
    else {
      own.delete(entry);
      context.listener.leases.movedAway(connectionId, by);
    }
  }

  #claim(entry: LeaseEntry): LeaseStanding {
    const { engine, identity, instance } = this.#of;
    const { connectionId, epoch } = entry.event;
    if (engine.dead.has(instance)) return { status: 'unknown' };
    if (engine.ended.has(connectionId) || engine.told.has(connectionId)) return { status: 'ended' };
    const { key, holder } = this.#holderOf(entry);
    if (key === undefined) return { status: 'unknown' };
    const isEnding = holder !== undefined && engine.isEnding(holder);
    if (isEnding && holder.connection === connectionId) return { status: 'ended' };
    if (!holder || isEnding) {
      engine.add(instance, identity.type, entry);
      engine.hold(key, instance, entry, epoch);
      return { status: 'held' };
    }
    if (holder.instance === instance && holder.connection === connectionId) return { status: 'held' };
    const lease = engine.leaseOf(holder);
    if (engine.lives(holder.instance) && holder.instance !== instance) return { status: 'elsewhere', lease };
    engine.move(key, holder, identity.type, instance);
    return holder.connection === connectionId ? { status: 'held' } : { status: 'moved-here', lease };
  }

  #tell(lease: HeldLease, sign: LifeSign): ReportOutcome {
    if (!this.#of.isReachable) return { status: 'unknown' };
    const { engine } = this.#of;
    const { holder } = this.#holderOf(lease);
    if (holder?.connection !== lease.event.connectionId || !engine.lives(holder.instance))
      return { status: 'gone' };
    const now = engine.clock.monotonic();
    this.#reported.set(holder.connection, now);
    if (holder.lease) holder.lease.reportedAt = now;
    const member = engine.members.get(holder.instance);
    const told = [[holder.connection, sign]] as const;
    member?.notify(() => member.context.listener.leases.heardElsewhere(told));
    return { status: 'told', holderSilentMs: engine.leaseOf(holder).state.silentMs };
  }

  #holderOf({ event, slot }: Pick<LeaseEntry, 'event' | 'slot'>): {
    readonly key: string | undefined;
    readonly holder: SlotHolder | undefined;
  } {
    const key = slotKey(this.#of.identity.type, event.device, slot);
    return { key, holder: key === undefined ? undefined : this.#of.engine.slots.get(key) };
  }
}
