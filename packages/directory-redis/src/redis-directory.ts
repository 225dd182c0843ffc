import type { ConnectionId, DeviceRef, TenantId } from '@rollcall/core';
import { later, sleep } from '@rollcall/core/environment';
import type { DisconnectedEvent } from '@rollcall/core/events';
import type {
  ConnectionDirectory,
  DirectoryContext,
  DirectoryEntry,
  DirectoryLeases,
  DirectoryPlace,
  DirectoryStanding,
  DirectoryStatus,
  FleetSight,
  UntoldEndings,
  Succession,
} from '@rollcall/core/directory';
import { Claims } from './claims/claims.ts';
import { Reassertion } from './claims/reassertion.ts';
import { UntoldEnds } from './claims/untold-ends.ts';
import { Asker } from './contact/asker.ts';
import { checkEviction } from './contact/check-eviction.ts';
import { Renewal, type FleetFacts } from './contact/renewal.ts';
import { Rights } from './contact/rights.ts';
import { Touch } from './contact/touch.ts';
import type { Engine, OpenEngine } from './engine/engine.ts';
import { hear } from './fleet/inbox.ts';
import { Inheritance } from './fleet/inheritance.ts';
import { LivingInstances } from './fleet/living-instances.ts';
import { OwnDeath } from './fleet/own-death.ts';
import { isHeld, placesOf } from './fleet/places.ts';
import { TenantCounts } from './fleet/tenant-counts.ts';
import { untoldOf } from './fleet/untold-of.ts';
import { leaveFleet } from './leave-fleet.ts';
import { Leases } from './leases/leases.ts';
import { LifeSigns } from './leases/life-signs.ts';
import { Strays } from './leases/strays.ts';
import { unattended, type Shared } from './shared.ts';
import { Book } from './state/book.ts';
import { EngineTime } from './state/engine-time.ts';
import { ForeignValues } from './state/foreign-values.ts';
import { HeldConnection } from './state/held-connection.ts';
import { Self } from './state/self.ts';
import { createTallies } from './state/tallies.ts';
import type { KeyNames } from './wire/key-names.ts';

/** How long an adapter waits for the engine when it starts. */
const startWithinMs = 2_000;
const halfSecondMs = 500;

/** How long a device waits for an answer, and how long its claim wins against any clock. */
interface Waits {
  readonly deviceMs: number;
  readonly freshMs: number;
}

const usualWaits: Waits = { deviceMs: 50, freshMs: 100 };

export interface RedisDirectoryOptions {
  readonly waits?: Waits;
  readonly keys: KeyNames;
  readonly openEngine: OpenEngine;
}

/** Joins the fleet. */
export async function joinFleet(
  options: RedisDirectoryOptions,
  context: DirectoryContext,
): Promise<ConnectionDirectory> {
  const directory = new RedisDirectory(options, context);
  await directory.started();
  return directory;
}

/** The directory of a fleet, on a server that speaks the Redis protocol. */
class RedisDirectory implements ConnectionDirectory {
  readonly leases: DirectoryLeases;
  readonly #shared: Shared;
  readonly #engine: Engine;
  readonly #claims: Claims;
  readonly #reassertion: Reassertion;
  readonly #renewal: Renewal;
  readonly #counts: TenantCounts;
  readonly #inheritance: Inheritance;
  readonly #living: LivingInstances;
  readonly #signs: LifeSigns;
  readonly #strays: Strays;
  readonly #untold: UntoldEnds;
  readonly #death: OwnDeath;
  readonly #leases: Leases;
  readonly #waits: Waits;
  readonly #touch: Touch;
  readonly #rights: Rights;
  /** How many questions had no answer when what ended lately was last told again. */
  #failuresSeen = 0;
  #isRepeating = false;
  #isSecond = false;
  #disarm = (): void => {};
  #closed: Promise<void> | undefined;

  constructor({ keys, openEngine, waits = usualWaits }: RedisDirectoryOptions, context: DirectoryContext) {
    const { clock, log } = context;
    const tallies = createTallies();
    const foreign = new ForeignValues(clock, log, tallies);
    const asker = new Asker({
      clock,
      foreign,
      tallies,
      deviceWaitMs: waits.deviceMs,
      engine: () => this.#engine,
      tooManyMisses: () => this.#touch.lost('no answers in time'),
      notPermitted: () => this.#rights.doubt(),
    });
    const self = new Self(context.self, keys);
    const shared: Shared = {
      context,
      keys,
      self,
      book: new Book(),
      time: new EngineTime(clock),
      asker,
      foreign,
      tallies,
    };
    const doubt = (bucket: number): void => this.#reassertion.doubt(bucket);
    const fenced = (instance: string): void => this.#buried(instance);
    this.#shared = shared;
    this.#touch = new Touch(asker, log, tallies, clock);
    this.#rights = new Rights({ asker, keys, context, permitted: () => this.#reassertion.doubtAll() });
    this.#waits = waits;
    this.#untold = new UntoldEnds();
    this.#death = new OwnDeath(shared);
    this.#claims = new Claims({
      ...shared,
      freshForMs: waits.freshMs,
      doubt,
      unasked: (bucket) => this.#reassertion.notAsked(bucket),
      fenced,
      leftInDoubt: (held) => this.#death.leftInDoubt(held),
      living: () => this.#living.get(),
      endedUntold: (held, incarnation) => this.#untold.add(held, incarnation),
    });
    this.#strays = new Strays(shared);
    this.#reassertion = new Reassertion(shared, this.#claims, this.#strays);
    this.#renewal = new Renewal({
      ...shared,
      renewed: (facts) => this.#renewed(facts),
      notAnswered: () => this.#touch.lostAnswers(asker.lastFailure),
      aliveAgain: () => this.#aliveAgain(),
      buried: fenced,
    });
    this.#counts = new TenantCounts(shared);
    this.#inheritance = new Inheritance(shared);
    this.#living = new LivingInstances(shared);
    this.#signs = new LifeSigns(shared, (channel, message) => this.#engine.publish(channel, message));
    this.#leases = new Leases({
      shared,
      claims: this.#claims,
      signs: this.#signs,
      strays: this.#strays,
      living: this.#living,
      deviceWaitMs: waits.deviceMs,
      doubt,
      fenced,
      earlier: () => this.#inheritance.latest,
    });
    this.leases = this.#leases;
    this.#engine = openEngine(
      {
        commandsReady: () => this.#ready(),
        commandsLost: ({ message }) => this.#touch.lostAnswers(message),
        subscribed: () => this.#subscribed(),
        unsubscribed: (refusal) => this.#rights.unsubscribed(refusal),
        published: (message) => hear(message, shared, this.#claims),
      },
      self.channel,
    );
    this.#renewal.start();
    this.#everyHalfSecond();
  }

  /** Resolves when the engine has answered, or did not answer in time. */
  started(): Promise<void> {
    return this.#touch.firstAnswer(startWithinMs);
  }

  enter(entry: DirectoryEntry): Promise<DirectoryStanding> {
    return this.#claims.enter(new HeldConnection(entry));
  }

  leave(entry: DirectoryEntry, ending?: DisconnectedEvent): Promise<void> | undefined {
    const held = this.#shared.book.get(entry.event.connectionId);
    if (!held || !this.#shared.book.remove(held)) return undefined;
    held.ending = ending;
    if (this.alive) return this.#claims.release(held);
    // If this incarnation was declared dead, others publish this ending, so the record must stay.
    this.#death.leftInDoubt(held);
    return undefined;
  }

  holderHere(device: DeviceRef, slot: string): ConnectionId | undefined {
    return this.#shared.book.holderOf(device, slot)?.event.connectionId;
  }

  isHeld(kind: 'session' | 'lease', device: DeviceRef, slot: string): Promise<boolean> {
    const { clock } = this.#shared.context;
    const { type: adapterType } = this.#shared.self.identity;
    const held = isHeld(device, { kind, adapterType, slot }, this.#shared, this.#living);
    return Promise.race([held, sleep(clock, this.#waits.deviceMs).then(() => false)]);
  }

  find(devices: readonly DeviceRef[]): Promise<readonly DirectoryPlace[]> {
    return placesOf(devices, this.#shared, this.#living);
  }

  elsewhere(tenant: TenantId): number {
    return this.#counts.elsewhere(tenant);
  }

  lookUpCount(tenant: TenantId): Promise<void> | undefined {
    return this.#counts.lookUp(tenant);
  }

  succeed(earlier: string): Promise<Succession> {
    return this.#inheritance.succeed(earlier);
  }

  untoldOf(
    earlier: string,
    connections: Parameters<NonNullable<ConnectionDirectory['untoldOf']>>[1],
  ): Promise<UntoldEndings | undefined> {
    const { context } = this.#shared;
    return Promise.race([
      untoldOf(earlier, connections, this.#shared),
      sleep(context.clock, startWithinMs).then(() => undefined),
    ]);
  }

  settled(earlier: string): void {
    this.#inheritance.settled(earlier);
    this.#settleInherited();
  }

  get alive(): boolean {
    return this.#renewal.alive;
  }

  get status(): DirectoryStatus {
    if (!this.#shared.asker.inTouch) return 'away';
    if (this.#rights.isRestricted) return 'restricted';
    const isCaughtUp = this.#rights.hears && this.#reassertion.caughtUp && !this.#isRepeating;
    return isCaughtUp ? 'in-touch' : 'catching-up';
  }

  get sight(): FleetSight | undefined {
    return this.#touch.sight;
  }

  counts(): Readonly<Record<string, number>> {
    return { ...this.#shared.tallies };
  }

  close(): Promise<void> {
    this.#touch.isClosing = true;
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#disarm();
    this.#signs.stop();
    await leaveFleet({
      shared: this.#shared,
      reassertion: this.#reassertion,
      renewal: this.#renewal,
      strays: this.#strays,
      tellNoted: () => this.#leases.tellNoted(),
      tellInherited: () => this.#inheritance.go(),
    });
    this.#engine.close();
  }

  #ready(): void {
    unattended(this.#shared.context.log, this.#renewal.now());
  }

  /** Messages may have been missed before. */
  #subscribed(): void {
    this.#rights.subscribed();
    const { asker } = this.#shared;
    const { inTouch, mayHaveMissed } = asker;
    asker.missed();
    if (!inTouch) return;
    asker.mayHaveMissed = mayHaveMissed;
    this.#reassertion.doubtAll();
  }

  #renewed(facts: FleetFacts): void {
    const { context, book } = this.#shared;
    this.#reassertion.instancesAre(facts.instances);
    this.#repeatWhatEnded();
    const news = this.#touch.answered(facts);
    if (news?.wasAway === true) this.#rights.answersAgain();
    unattended(context.log, this.#rights.look());
    if (!news) return;
    // The engine lost all that was entered before.
    if (news.isAnotherFleet) {
      for (const held of book.all()) held.known = false;
      this.#counts.anew();
    } else {
      this.#counts.again();
    }
    // If the engine answered every question, only late, it lost nothing. To assert everything again would take an instance with 100,000
    // connections a minute, and new connections would wait meanwhile.
    if (news.isAnotherFleet || news.mayHaveMissed) this.#reassertion.doubtAll();
    if (!news.wasAway) return;
    unattended(context.log, checkEviction(this.#engine, context.log));
    unattended(context.log, this.#untold.tell(this.#claims));
  }

  /** After a failover the engine may not know what ended in its last second. */
  #repeatWhatEnded(): void {
    const { asker, context } = this.#shared;
    if (this.#failuresSeen === asker.failures || this.#isRepeating) return;
    this.#failuresSeen = asker.failures;
    this.#isRepeating = true;
    this.#inheritance.again();
    const told = this.#claims.tellEndsAgain().finally(() => (this.#isRepeating = false));
    unattended(context.log, told);
  }

  #aliveAgain(): void {
    for (const held of this.#death.doubtEnded()) void this.#claims.release(held);
    this.#shared.context.listener.aliveAgain();
  }

  /** This incarnation was declared dead: it publishes and claims nothing any more. */
  #buried(instance: string): void {
    const { self, asker, context } = this.#shared;
    if (instance !== self.short || this.#renewal.isDead) return;
    this.#renewal.died();
    const wasInTouch = asker.inTouch;
    asker.inTouch = false;
    unattended(context.log, this.#goOnAsAnother(wasInTouch));
  }

  /** The next incarnation begins with nothing. */
  async #goOnAsAnother(wasInTouch: boolean): Promise<void> {
    const { self, book, asker, context } = this.#shared;
    const mayLack = asker.mayHaveMissed || !this.#reassertion.caughtUp;
    const notReleased = this.#claims.notReleasedYet();
    const { neverKnown, toldByOthers, hasAnswered } = await this.#death.settle(mayLack, notReleased);
    this.#leases.startAnew(neverKnown);
    book.clear();
    this.#claims.forgetAll();
    self.becomes(context.listener.buried(neverKnown, toldByOthers));
    this.#reassertion.forgetAll();
    this.#strays.clear();
    this.#counts.anew();
    this.#renewal.anew();
    if (this.#closed) return;
    // If the engine was away, the first sign of life makes this instance send what the engine missed.
    asker.inTouch = wasInTouch && hasAnswered;
    this.#engine.listenTo(self.channel);
    this.#ready();
  }

  /** Connections of it that go on must be entered before this. */
  #settleInherited(): void {
    if (this.#reassertion.caughtUp) this.#inheritance.start();
  }

  #everyHalfSecond(): void {
    const { clock, log } = this.#shared.context;
    this.#disarm = clock.at(later(clock.monotonic(), halfSecondMs), () => {
      this.#everyHalfSecond();
      // Others may publish the endings of its connections.
      if (!this.alive) return;
      unattended(log, this.#counts.exchange());
      this.#isSecond = !this.#isSecond;
      if (!this.#isSecond) return;
      this.#reassertion.everySecond();
      this.#settleInherited();
      this.#claims.forgetOld();
      unattended(log, this.#leases.tellNoted());
      unattended(log, this.#strays.layDown());
    });
  }
}
