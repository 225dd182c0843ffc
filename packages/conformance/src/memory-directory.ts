import type { ConnectionId, DeviceRef, Instant, TenantId, Timestamp } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
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
import { heirsOf, isLease, slotKey, type SlotHolder } from '@rollcall/core/internal';
import type { MemoryEngine } from './memory-engine.ts';
import { MemoryLeases } from './memory-leases.ts';

const answerWithinMs = 50;

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
  identity: AdapterIdentity;
  /** When it last gave a sign of life. */
  aliveAt: Timestamp;
  renewedAt: Instant;
  /** Of what is entered: what the engine confirmed. */
  readonly #known = new Set<ConnectionId>();
  /** Left while the engine was away. */
  #left: Left[] = [];
  /** Settled while the engine was away. */
  #toSettle: string[] = [];
  /** Left while it was not known whether this incarnation was declared dead. */
  #leftInDoubt: Left[] = [];
  /** What happens once the process goes on. */
  readonly #whenThawed: (() => void)[] = [];
  /** Who asked for announcements, the last time. */
  #announcedFor: string | undefined;
  #isCutOff = false;
  #isDeaf = false;
  #isFrozen = false;
  #isDoubted = false;
  #isClosed = false;
  /** Answers that are held back. */
  #held: (() => void)[] | undefined;

  constructor(engine: MemoryEngine, context: DirectoryContext) {
    this.engine = engine;
    this.context = context;
    this.identity = context.self;
    this.aliveAt = engine.clock.now();
    this.renewedAt = engine.clock.monotonic();
    engine.signs.add(this.instance);
    this.leases = new MemoryLeases(this);
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

  /**
   * What the engine says, or `unknown` where that takes too long.
   *
   * @param late takes the place of `work` then.
   */
  answer<Value>(work: () => Value, unknown: Value, late: () => void = work): Promise<Value> {
    if (!this.#held) {
      const answered = work();
      return Promise.resolve(this.#isDeaf ? unknown : answered);
    }
    const { clock } = this.context;
    const answer = Promise.withResolvers<Value>();
    let isLate = false;
    this.#held.push(() => {
      if (isLate) late();
      else answer.resolve(work());
    });
    clock.at(later(clock.monotonic(), answerWithinMs), () => {
      isLate = true;
      answer.resolve(unknown);
    });
    return answer.promise;
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
    const { engine } = this;
    const key = slotKey(this.identity.type, device, slot);
    const holder = key === undefined ? undefined : engine.slots.get(key);
    return Promise.resolve(this.isReachable && holder !== undefined && engine.lives(holder.instance));
  }

  async find(devices: readonly DeviceRef[]): Promise<readonly DirectoryPlace[]> {
    if (!this.isReachable) throw new Error('away');
    const wanted = new Set(devices.map(({ tenant, device }) => `${tenant}\n${device}`));
    const places: DirectoryPlace[] = [];
    for (const [instance, entries] of this.engine.entries)
      if (this.engine.lives(instance))
        for (const [connection, { entry, key }] of entries) {
          const { device } = entry.event;
          const isHolder = key === undefined || this.engine.slots.get(key)?.connection === connection;
          if (isHolder && wanted.has(`${device.tenant}\n${device.device}`))
            places.push({ device, connection, instance });
        }
    return places;
  }

  elsewhere(tenant: TenantId): number {
    if (!this.isReachable) return 0;
    let count = 0;
    for (const [instance, entries] of this.engine.entries)
      if (instance !== this.instance && this.engine.lives(instance))
        for (const { entry } of entries.values()) if (entry.event.device.tenant === tenant) count += 1;
    return count;
  }

  succeed(earlier: string): Promise<Succession> {
    return Promise.resolve(this.isReachable ? this.#succeed(earlier) : { whose: 'unknown' });
  }

  #succeed(earlier: string): Succession {
    const { engine, instance } = this;
    if (!engine.dead.has(earlier)) {
      const before = engine.members.get(earlier);
      if (!before && !engine.entries.has(earlier)) return { whose: 'ours' };
      const aliveAt = before?.aliveAt ?? engine.clock.now();
      engine.declareDead(
        { ...this.identity, instance: earlier },
        { aliveAt, successor: instance, unconfirmedSince: undefined },
      );
    }
    const declaredAt = engine.dead.get(earlier)?.declaredAt;
    if (declaredAt === undefined || heirsOf(earlier, engine.dead).at(-1) !== instance)
      return { whose: 'others' };
    return { whose: 'ours', declaredAt };
  }

  untoldOf(
    earlier: string,
    connections: readonly Pick<ConnectedEvent, 'connectionId'>[],
  ): Promise<UntoldEndings | undefined> {
    const death = this.engine.dead.get(earlier);
    if (!this.isReachable || !death) return Promise.resolve(undefined);
    const owed = this.engine.entries.get(earlier);
    const untold = connections
      .map(({ connectionId }) => connectionId)
      .filter((each) => !owed?.has(each) && !this.engine.told.has(each))
      .filter((each) => !this.engine.noted.has(earlier, each));
    const { aliveAt, declaredAt } = death;
    return Promise.resolve({ connections: new Set(untold), aliveAt, declaredAt });
  }

  settled(earlier: string): void {
    if (!this.isReachable) this.#toSettle.push(earlier);
    else if (this.#succeed(earlier).whose === 'ours') this.#settle(earlier);
  }

  #settle(earlier: string): void {
    const { engine } = this;
    for (const dead of engine.dead.keys()) {
      if (dead !== earlier && !heirsOf(dead, engine.dead).includes(earlier)) continue;
      for (const [connection, { key }] of engine.entries.get(dead) ?? []) {
        engine.told.add(connection);
        if (key !== undefined && engine.slots.get(key)?.connection === connection) engine.slots.delete(key);
      }
      engine.entries.delete(dead);
      engine.noted.forget(dead);
    }
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

  /** The engine hears it, and no answer arrives. */
  deafen(): () => void {
    this.#isDeaf = true;
    return () => (this.#isDeaf = false);
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
    this.#held = [];
    return () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const answer of held) answer();
    };
  }

  /** Tells the engine again what is open here. */
  assertAll(): void {
    if (!this.isReachable) return;
    for (const left of this.#left.splice(0)) this.#release(left);
    for (const earlier of this.#toSettle.splice(0)) this.settled(earlier);
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
    if (!this.#isDeaf) this.#known.add(connectionId);
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
    // Whoever holds one of these by now must be told.
    this.#left = this.#left.filter(({ entry }) => isLease(entry));
    this.#whenThawed.length = 0;
    this.engine.members.delete(this.instance);
    const had = this.engine.entries.get(this.instance);
    const leftInDoubt = this.#leftInDoubt.splice(0).map(({ entry }) => entry);
    const neverKnown = [...this.own.all(), ...leftInDoubt]
      .map(({ event }) => event.connectionId)
      .filter((connection) => !this.#known.has(connection))
      .filter((connection) => !had?.has(connection) && !this.engine.told.has(connection));
    this.#known.clear();
    this.own.clear();
    const instance = this.context.listener.buried(neverKnown);
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
