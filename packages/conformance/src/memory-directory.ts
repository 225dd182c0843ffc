import type { ConnectionId, DeviceRef, Instant, TenantId, Timestamp } from '@rollcall/core';
import type { AdapterIdentity, ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import {
  epochAfter,
  OwnEntries,
  type ConnectionDirectory,
  type DirectoryContext,
  type DirectoryEntry,
  type DirectoryPlace,
  type DirectoryStanding,
  type DirectoryStatus,
  type FleetSight,
  type UntoldEndings,
  type Succession,
} from '@rollcall/core/directory';
import { isLease, slotKey, type SlotHolder } from '@rollcall/core/internal';
import { MemoryAnswers } from './memory-answers.ts';
import type { MemoryEngine } from './memory-engine.ts';
import { MemoryLeases } from './memory-leases.ts';
import { MemorySuccession } from './memory-succession.ts';

/** What ended, and how, if this instance publishes that. */
interface Left {
  readonly entry: DirectoryEntry;
  readonly ending: DisconnectedEvent | undefined;
}

/**
 * One instance's way to a {@link MemoryEngine}. What is between them can be cut, and the process can stand still: see
 * `MemoryFleet`.
 */
export class MemoryDirectory implements ConnectionDirectory {
  readonly engine: MemoryEngine;
  readonly context: DirectoryContext;
  readonly own = new OwnEntries();
  readonly leases: MemoryLeases;
  readonly #succession: MemorySuccession;
  readonly #answers: MemoryAnswers;
  identity: AdapterIdentity;
  /** When it last gave a sign of life. */
  aliveAt: Timestamp;
  renewedAt: Instant;
  /** Of what is entered: what the engine confirmed. */
  readonly #known = new Set<ConnectionId>();
  /** Left while the engine was away. */
  #left: Left[] = [];
  /** Left while it was not known whether this incarnation was declared dead. */
  #leftInDoubt: Left[] = [];
  /** What happens once the process goes on. */
  readonly #whenThawed: (() => void)[] = [];
  /** Who asked for announcements, the last time. */
  #announcedFor: string | undefined;
  #isCutOff = false;
  #isFrozen = false;
  #isDoubted = false;
  #isClosed = false;

  constructor(engine: MemoryEngine, context: DirectoryContext) {
    this.engine = engine;
    this.context = context;
    this.identity = context.self;
    this.aliveAt = engine.clock.now();
    this.renewedAt = engine.clock.monotonic();
    engine.signs.add(this.instance);
    this.leases = new MemoryLeases(this);
    this.#succession = new MemorySuccession(this);
    this.#answers = new MemoryAnswers(context.clock);
    engine.members.set(this.instance, this);
  }

  get instance(): string {
    return this.identity.instance;
  }

  get isReachable(): boolean {
    return !this.#isCutOff && !this.#isFrozen && !this.#isClosed;
  }

  get alive(): boolean {
    return !this.#isDoubted && !this.#isFrozen;
  }

  get status(): DirectoryStatus {
    return this.#isCutOff ? 'away' : 'in-touch';
  }

  enter(entry: DirectoryEntry): Promise<DirectoryStanding> {
    const { device, connectionId: connection } = entry.event;
    const displaced = this.own.add(entry);
    if (displaced)
      this.context.listener.displaced(displaced.event.connectionId, {
        device,
        connection,
        instance: this.instance,
      });
    if (!this.isReachable) return Promise.resolve('unknown');
    return this.answer(() => this.#claim(entry, 'fresh'), 'unknown');
  }

  /** See {@link MemoryAnswers.answer}. */
  answer<Value>(work: () => Value, unknown: Value, late: () => void = work): Promise<Value> {
    return this.#answers.answer(work, unknown, late);
  }

  leave(entry: DirectoryEntry, ending?: DisconnectedEvent): Promise<void> | undefined {
    const entered = this.own.get(entry.event.connectionId);
    if (!entered) return undefined;
    this.own.delete(entered);
    const left = { entry: entered, ending };
    if (!this.alive) {
      this.#leftInDoubt.push(left);
      return undefined;
    }
    this.#known.delete(entered.event.connectionId);
    if (this.isReachable) return this.answer(() => this.#release(left), undefined);
    this.#left.push(left);
    return undefined;
  }

  holderHere(device: DeviceRef, slot: string): ConnectionId | undefined {
    return this.own.holderOf(device, slot)?.event.connectionId;
  }

  isHeld(_kind: 'session' | 'lease', device: DeviceRef, slot: string): Promise<boolean> {
    const key = slotKey(this.identity.type, device, slot);
    return Promise.resolve(this.isReachable && this.engine.isHeld(key));
  }

  async find(devices: readonly DeviceRef[]): Promise<readonly DirectoryPlace[]> {
    if (!this.isReachable) throw new Error('away');
    return this.engine.placesOf(devices);
  }

  elsewhere(tenant: TenantId): number {
    return this.isReachable ? this.engine.countElsewhere(tenant, this.instance) : 0;
  }

  succeed(earlier: string): Promise<Succession> {
    return this.#succession.succeed(earlier);
  }

  untoldOf(
    earlier: string,
    connections: readonly Pick<ConnectedEvent, 'connectionId'>[],
  ): Promise<UntoldEndings | undefined> {
    return this.#succession.untoldOf(earlier, connections);
  }

  settled(earlier: string): void {
    this.#succession.settled(earlier);
  }

  get sight(): FleetSight | undefined {
    return this.isReachable ? { instances: this.engine.signs.size, answerMs: 0 } : undefined;
  }

  counts(): Readonly<Record<string, number>> {
    return { entered: this.own.size };
  }

  close(): Promise<void> {
    if (!this.#isClosed && this.own.size === 0) {
      this.engine.members.delete(this.instance);
      this.engine.noted.forget(this.instance);
    }
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** A sign of life, and what the engine says of it. */
  renew(): void {
    if (!this.isReachable) return;
    if (this.engine.dead.has(this.instance)) {
      this.#goOnAsAnother();
      return;
    }
    this.#giveSign();
    if (this.#isDoubted) {
      this.#isDoubted = false;
      for (const left of this.#leftInDoubt.splice(0)) this.#release(left);
      this.context.listener.aliveAgain();
    }
    for (const member of this.engine.members.values())
      if (member !== this) this.context.listener.epochSeen(member.context.facts.epoch(), 'fleet');
    this.#announceOnce();
  }

  /** Tells the instance, once its process goes on. What is told while it is cut off is lost. */
  notify(work: () => void): void {
    if (this.#isFrozen) this.#whenThawed.push(work);
    else if (this.isReachable) work();
  }

  /** A connection of this instance lost its slot to another one. */
  displaced(connection: ConnectionId, by: DirectoryPlace): void {
    const entry = this.own.get(connection);
    if (entry && this.own.displace(entry)) this.context.listener.displaced(connection, by);
  }

  cutOff(): () => void {
    this.#isCutOff = true;
    return () => {
      this.#isCutOff = false;
      this.renew();
      this.assertAll();
    };
  }

  deafen(): () => void {
    return this.#answers.lose();
  }

  freeze(): () => void {
    this.#isFrozen = true;
    return () => {
      this.#isFrozen = false;
      this.#isDoubted = true;
      this.renew();
      this.assertAll();
      for (const work of this.#whenThawed.splice(0)) work();
    };
  }

  doubt(): () => void {
    this.#isDoubted = true;
    return () => this.renew();
  }

  holdAnswers(): () => void {
    return this.#answers.hold();
  }

  /** Tells the engine again what is open here. */
  assertAll(): void {
    if (!this.isReachable) return;
    for (const left of this.#left.splice(0)) this.#release(left);
    this.#succession.settleRest();
    for (const entry of [...this.own.all()])
      if (isLease(entry)) this.leases.assert(entry);
      else this.#claim(entry, 'again');
  }

  placeOf({ entry, connection, instance }: SlotHolder): DirectoryPlace {
    return { device: entry.event.device, connection, instance };
  }

  #claim(entry: DirectoryEntry, how: 'fresh' | 'again'): DirectoryStanding {
    const { engine, instance, identity } = this;
    const { connectionId, epoch } = entry.event;
    if (!this.own.get(connectionId)) return 'lost';
    if (engine.dead.has(instance)) return 'unknown';
    if (!this.#answers.areLost) this.#known.add(connectionId);
    const key = engine.add(instance, identity.type, entry);
    if (key === undefined) return 'held';
    const holder = engine.slots.get(key);
    if (holder?.connection === connectionId) return 'held';
    // It was displaced, and its ending is owed.
    if (this.own.holderOf(entry.event.device, entry.slot ?? '') !== entry) return 'lost';
    const isBehind = holder !== undefined && holder.epoch >= epoch;
    if (holder && isBehind && how === 'again') {
      this.displaced(connectionId, this.placeOf(holder));
      return 'lost';
    }
    if (isBehind) this.context.listener.epochSeen(holder.epoch, 'claim', connectionId);
    engine.hold(key, instance, entry, isBehind ? epochAfter(holder.epoch) : epoch);
    const other = holder && holder.instance !== instance ? engine.members.get(holder.instance) : undefined;
    const by = { device: entry.event.device, connection: connectionId, instance };
    if (holder) other?.notify(() => other.displaced(holder.connection, by));
    return 'held';
  }

  #release({ entry, ending }: Left): void {
    const { engine, instance } = this;
    const { connectionId } = entry.event;
    const removed = engine.remove(instance, connectionId);
    if (ending && !engine.dead.has(instance))
      engine.noted.note(instance, removed?.entry.event ?? entry.event, ending);
    const key = removed?.key ?? slotKey(this.identity.type, entry.event.device, entry.slot);
    const holder = key === undefined ? undefined : engine.slots.get(key);
    if (isLease(entry)) engine.ended.add(connectionId);
    if (key === undefined || holder?.connection !== connectionId) return;
    engine.slots.delete(key);
    if (holder.instance === instance) return;
    engine.remove(holder.instance, connectionId);
    const other = engine.members.get(holder.instance);
    other?.notify(() => other.context.listener.leases.endedElsewhere(connectionId));
  }

  #announceOnce(): void {
    const { announcements } = this.engine;
    if (!announcements || announcements.name === this.#announcedFor) return;
    if (announcements.until <= this.engine.clock.monotonic()) return;
    this.#announcedFor = announcements.name;
    this.context.listener.announceAsked();
  }

  #goOnAsAnother(): void {
    const toldByOthers = this.#left.map(({ entry }) => entry).filter((entry) => !isLease(entry));
    // Whoever holds one of these by now must be told.
    this.#left = this.#left.filter(({ entry }) => isLease(entry));
    this.#whenThawed.length = 0;
    this.engine.members.delete(this.instance);
    const had = this.engine.entries.get(this.instance);
    const isTold = (connection: ConnectionId): boolean =>
      had?.has(connection) === true || this.engine.told.has(connection);
    const leftInDoubt = this.#leftInDoubt.splice(0).map(({ entry }) => entry);
    const neverKnown = [...this.own.all(), ...leftInDoubt]
      .map(({ event }) => event.connectionId)
      .filter((connection) => !this.#known.has(connection))
      .filter((connection) => !isTold(connection));
    this.#known.clear();
    this.own.clear();
    const instance = this.context.listener.buried(
      neverKnown,
      toldByOthers.map(({ event }) => event.connectionId).filter(isTold),
    );
    this.identity = { ...this.identity, instance };
    this.#isDoubted = false;
    this.#giveSign();
    this.engine.members.set(instance, this);
  }

  #giveSign(): void {
    this.engine.signs.add(this.instance);
    this.aliveAt = this.engine.clock.now();
    this.renewedAt = this.engine.clock.monotonic();
  }
}
