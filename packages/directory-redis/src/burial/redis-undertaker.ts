import type { ConnectionId, Timestamp } from '@rollcall/core';
import { later, sleep } from '@rollcall/core/environment';
import type { OwedEnding, Undertaker, UndertakerContext } from '@rollcall/core/directory';
import { Asker } from '../contact/asker.ts';
import type { Engine, OpenEngine } from '../engine/engine.ts';
import { heirOf } from '../fleet/heir-of.ts';
import { changeDeath } from '../scripts/change-death.ts';
import { declareDead } from '../scripts/declare-dead.ts';
import { tellTime } from '../scripts/tell-time.ts';
import { unfence } from '../scripts/unfence.ts';
import { EngineTime } from '../state/engine-time.ts';
import { ForeignValues } from '../state/foreign-values.ts';
import { createTallies } from '../state/tallies.ts';
import { bucketCount } from '../wire/bucket-of.ts';
import { deathText, passedOn, type Death } from '../wire/death.ts';
import { identityText } from '../wire/identity.ts';
import type { KeyNames } from '../wire/key-names.ts';
import { fullId } from '../wire/short-id.ts';
import { buryBucket, deadInstanceOf } from './bury-bucket.ts';
import { DeathWatch, type Candidate } from './death-watch.ts';
import { KnownDeaths } from './known-deaths.ts';
import { Pulse } from './pulse.ts';
import { readFleet, type FleetState } from './read-fleet.ts';
import type { BurialTools, Deceased } from './settle-found.ts';
import { gatherNotes } from './tell-noted.ts';

/** How many looks there are within the time after which an instance is declared dead. */
const looksInTime = 10;
/** How many buckets are buried at a time. */
const together = 16;
/** When to look again at endings that could not be published, and at leases that have not run out. */
const againAfterMs = 1_500;
/** How long a second signal is waited for. */
const signalWithinMs = 2_000;
/** How long the dead are remembered: until then, one that comes back learns that it was declared dead. */
const rememberMs = 7 * 24 * 3_600_000;
/** How often the engine is asked what time it is. */
const askTimeEveryMs = 600_000;
/** A death that is this close to being forgotten is not entered again: the engine's clock may have been set, or be another node's now. */
const clocksDifferMs = 12 * 3_600_000;

/** Ends the connections of dead instances. */
export class RedisUndertaker implements Undertaker {
  readonly #context: UndertakerContext;
  readonly #keys: KeyNames;
  readonly #engine: Engine;
  readonly #asker: Asker;
  readonly #foreign: ForeignValues;
  readonly #watch: DeathWatch;
  readonly #heirless: DeathWatch;
  readonly #pulse: Pulse;
  readonly #known = new KnownDeaths();
  readonly #tools: BurialTools;
  /** When to look again at an incarnation that is still owed endings. */
  readonly #againAt = new Map<string, number>();
  /** Whose notes are gathered. */
  readonly #gathered = new Set<string>();
  readonly #burials = new Set<Promise<void>>();
  readonly #buried = new Set<string>();
  #looking: Promise<void> = Promise.resolve();
  /** When the engine's time is asked for again. */
  #askTimeAt = 0;
  #stopped = false;
  #disarm = (): void => {};

  constructor(context: UndertakerContext, keys: KeyNames, openEngine: OpenEngine) {
    const { clock, log, random, deadAfterMs } = context;
    const tallies = createTallies();
    this.#context = context;
    this.#keys = keys;
    this.#foreign = new ForeignValues(clock, log, tallies);
    const asker = new Asker({
      clock,
      foreign: this.#foreign,
      tallies,
      deviceWaitMs: 0,
      engine: () => this.#engine,
      tooManyMisses: () => undefined,
    });
    this.#asker = asker;
    this.#watch = new DeathWatch(deadAfterMs);
    this.#heirless = new DeathWatch(deadAfterMs);
    this.#pulse = new Pulse(deadAfterMs);
    const time = new EngineTime(clock);
    this.#tools = {
      asker,
      keys,
      foreign: this.#foreign,
      time,
      clock,
      deadAfterMs,
      name: Buffer.from(random.bytes(12)).toString('base64url'),
      tell: (dead, owed) => this.#tell(dead, owed),
    };
    this.#engine = openEngine({
      commandsReady: () => (asker.inTouch = true),
      commandsLost: () => (asker.inTouch = false),
      subscribed() {},
      published() {},
    });
    this.#next();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#disarm();
    await this.#looking;
    await Promise.all(this.#burials);
    this.#engine.close();
  }

  #next(): void {
    const { clock, deadAfterMs, log } = this.#context;
    this.#disarm = clock.at(later(clock.monotonic(), deadAfterMs / looksInTime), () => {
      this.#looking = this.#look().catch((err: unknown) => {
        this.#blind();
        log.error({ err }, 'a mistake of ours in the connection directory');
      });
      void this.#looking.then(() => {
        if (!this.#stopped) this.#next();
      });
    });
  }

  #blind(): void {
    this.#watch.blind();
    this.#heirless.blind();
  }

  async #look(): Promise<void> {
    const { clock } = this.#context;
    const fleet = this.#asker.inTouch ? await readFleet(this.#tools) : undefined;
    if (!fleet) {
      this.#blind();
      return;
    }
    const now = clock.monotonic();
    if (!this.#pulse.beats(fleet.signs, now)) this.#blind();
    const candidates = this.#watch.look(fleet.signs, now);
    await Promise.all(candidates.map((candidate) => this.#declare(candidate, fleet)));
    await this.#disinherit(fleet);
    await this.#askTime();
    await this.#remind(fleet);
    for (const [short, death] of fleet.deaths) this.#consider(short, death, fleet);
  }

  /** Declares an instance dead, unless a second signal shows that it is alive. */
  async #declare({ instance, sign }: Candidate, fleet: FleetState): Promise<void> {
    const { log, deadAfterMs } = this.#context;
    const full = fullId(instance) ?? '';
    if (await this.#publishes(full)) {
      this.#watch.lives(instance);
      return;
    }
    const { leases, deaths, totals } = this.#keys;
    const reply = await this.#asker.ask(
      declareDead,
      [leases, deaths, this.#keys.counted(instance), totals],
      [instance, sign],
    );
    if (reply.status !== 'answer' || typeof reply.value !== 'string' || reply.value === '') return;
    this.#context.declared?.(full);
    log.warn(
      { adapter: fleet.identities.get(instance)?.id, instance: full, silentMs: deadAfterMs },
      'an instance of the fleet gives no sign of life: it is declared dead, and its connections are ended',
    );
  }

  async #publishes(instance: string): Promise<boolean> {
    const { signal, deadAfterMs, clock } = this.#context;
    if (!signal) return false;
    const state = signal.stateOf(instance, deadAfterMs).catch(() => 'unknown' as const);
    const outcome = await Promise.race([state, sleep(clock, signalWithinMs).then(() => 'unknown' as const)]);
    return outcome !== 'silent';
  }

  /** If an heir is gone too, any instance may publish the endings that it took on. */
  async #disinherit({ signs, deaths }: FleetState): Promise<void> {
    const heirless = new Map<string, string>();
    for (const [short, death] of deaths) {
      if (death.state !== 'inherited') continue;
      const heir = heirOf(short, deaths).at(-1);
      if (heir === undefined || !signs.has(heir)) heirless.set(short, deathText(death));
    }
    for (const { instance, sign } of this.#heirless.look(heirless, this.#context.clock.monotonic())) {
      const death = deaths.get(instance);
      if (!death) continue;
      await this.#changeDeath(instance, sign, deathText(passedOn(death, 'owed')));
    }
  }

  /** Who buries no one hears it nowhere else, and the clocks of two machines may show different days. */
  async #askTime(): Promise<void> {
    const askedAt = this.#context.clock.monotonic();
    if (askedAt < this.#askTimeAt) return;
    const reply = await this.#asker.ask(tellTime, [this.#keys.deaths], []);
    if (reply.status !== 'answer' || typeof reply.value !== 'number') return;
    this.#tools.time.said(reply.value, askedAt);
    this.#askTimeAt = later(askedAt, askTimeEveryMs);
  }

  /** Enters the deaths again in an engine that forgot everything: a dead incarnation that comes back must learn of it. */
  async #remind(fleet: FleetState): Promise<void> {
    const engineMs = this.#tools.time.now();
    if (engineMs === undefined) return;
    const declaredAfterMs = engineMs - rememberMs + clocksDifferMs;
    for (const { short, death, identity } of this.#known.forgottenBy(fleet, declaredAfterMs)) {
      await this.#changeDeath(short, '', deathText(death), identityText(identity));
    }
  }

  /** When an ending is told: the engine said what time it is with what it owes. */
  #toldAt(): Timestamp {
    return Math.round(this.#tools.time.now() ?? this.#context.clock.now()) as Timestamp;
  }

  #consider(short: string, death: Death, { identities }: FleetState): void {
    const { clock } = this.#context;
    const identity = identities.get(short);
    if (death.state === 'settled') {
      if ((this.#tools.time.now() ?? -Infinity) - death.declaredAtMs > rememberMs)
        this.#start(short, () => this.#forget(short, death));
      return;
    }
    if (death.state !== 'owed' || clock.monotonic() < (this.#againAt.get(short) ?? 0)) return;
    // No one can publish endings without knowing which adapter they are of.
    if (!identity) {
      this.#foreign.found('instance', short);
      return;
    }
    this.#start(short, () => this.#bury({ short, identity, death, leasesKnown: this.#againAt.has(short) }));
  }

  #start(short: string, work: () => Promise<void>): void {
    if (this.#buried.has(short) || this.#stopped) return;
    this.#buried.add(short);
    const burial = work()
      .catch((err: unknown) =>
        this.#context.log.error({ err }, 'a mistake of ours in the connection directory'),
      )
      .finally(() => {
        this.#buried.delete(short);
        this.#burials.delete(burial);
      });
    this.#burials.add(burial);
  }

  async #bury(dead: Deceased): Promise<void> {
    const { clock } = this.#context;
    let left = 0;
    // First: to tell may take longer than what was noted is kept.
    if (!this.#gathered.has(dead.short)) {
      await this.#inEachBucket(async (bucket) => {
        if (!(await gatherNotes(dead, bucket, this.#tools))) left += 1;
      });
      if (left === 0) this.#gathered.add(dead.short);
    }
    await this.#inEachBucket(async (bucket) => {
      if ((await buryBucket(dead, bucket, this.#tools)) === 'left') left += 1;
    });
    if (this.#stopped) return;
    if (left > 0) {
      this.#againAt.set(dead.short, later(clock.monotonic(), againAfterMs));
      return;
    }
    this.#againAt.delete(dead.short);
    this.#gathered.delete(dead.short);
    await this.#changeDeath(
      dead.short,
      deathText(dead.death),
      deathText({ ...dead.death, state: 'settled' }),
    );
  }

  async #inEachBucket(work: (bucket: number) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < bucketCount && !this.#stopped) {
        next += 1;
        await work(next - 1);
      }
    };
    await Promise.all(Array.from({ length: together }, worker));
  }

  /** @returns the connections that are settled; none if the endings could not be published. */
  async #tell(dead: Deceased, owed: readonly OwedEnding[]): Promise<readonly ConnectionId[]> {
    try {
      return await this.#context.tell(deadInstanceOf(dead), owed, this.#toldAt());
    } catch (err) {
      this.#context.log.warn(
        { err, endings: owed.length },
        'endings of a dead instance could not be told yet',
      );
      return [];
    }
  }

  /** It has been dead for so long that it does not come back. */
  async #forget(short: string, death: Death): Promise<void> {
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const reply = await this.#asker.ask(
        unfence,
        [this.#keys.fenced(bucket), this.#keys.told(bucket, short)],
        [short],
      );
      if (reply.status === 'none' || this.#stopped) return;
    }
    this.#known.forget(short);
    await this.#changeDeath(short, deathText(death), '');
  }

  async #changeDeath(short: string, from: string, to: string, who = ''): Promise<void> {
    const { deaths, instances, leases, totals } = this.#keys;
    const counted = this.#keys.counted(short);
    await this.#asker.ask(changeDeath, [deaths, instances, leases, counted, totals], [short, from, to, who]);
  }
}
