import type { ConnectionId } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type {
  AskForAnnouncements,
  CreateDirectory,
  CreateUndertaker,
  OwedEnding,
  Undertaker,
  UndertakerContext,
} from '@rollcall/core/directory';
import { heirsOf, isUnconfirmed, owedOf, type DeclaredDeath } from '@rollcall/core/internal';
import { MemoryDirectory } from './memory-directory.ts';
import { MemoryEngine } from './memory-engine.ts';

const signOfLifeEveryMs = 500;
const lookEveryMs = 500;
/** How often a fleet can be asked for announcements. */
const askedEveryMs = 300_000;
const owedAtATime = 100;

/**
 * A fleet in one process, for tests: an engine in plain maps, which answers at once and exactly. What can go wrong between it and an
 * instance is said by the test.
 */
export class MemoryFleet {
  readonly engine: MemoryEngine;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.engine = new MemoryEngine(clock);
  }

  readonly create: CreateDirectory = (context) => {
    const directory = new MemoryDirectory(this.engine, context);
    let disarm = (): void => {};
    const beat = (): void => {
      directory.renew();
      disarm = this.#clock.at(later(this.#clock.monotonic(), signOfLifeEveryMs), beat);
    };
    beat();
    const close = directory.close.bind(directory);
    directory.close = () => {
      disarm();
      return close();
    };
    return Promise.resolve(directory);
  };

  readonly createUndertaker: CreateUndertaker = (context) =>
    Promise.resolve(new MemoryUndertaker(this.engine, context));

  readonly askForAnnouncements: AskForAnnouncements = (name) => {
    const now = this.#clock.monotonic();
    const { announcements: last } = this.engine;
    if (!last || last.until <= now) this.engine.announcements = { name, until: later(now, askedEveryMs) };
    else if (last.name !== name) return Promise.resolve({ status: 'too-soon', leftMs: last.until - now });
    return Promise.resolve({ status: 'asked' });
  };

  /** The engine does not answer this instance, nor does anything else of the fleet reach it, until the result is called. */
  cutOff(instance: string): () => void {
    return this.#memberOf(instance).cutOff();
  }

  /** The engine hears this instance, and its answers are lost, until the result is called. */
  deafen(instance: string): () => void {
    return this.#memberOf(instance).deafen();
  }

  /** The process of this instance stands still, until the result is called. */
  freeze(instance: string): () => void {
    return this.#memberOf(instance).freeze();
  }

  /** It is not known whether this instance was declared dead, until the result is called, or its next sign of life is due. */
  doubt(instance: string): () => void {
    return this.#memberOf(instance).doubt();
  }

  /** The engine answers this instance when the result is called, and not before. */
  holdAnswers(instance: string): () => void {
    return this.#memberOf(instance).holdAnswers();
  }

  /** The process of this instance was killed. */
  kill(instance: string): void {
    this.freeze(instance);
  }

  /** The engine lost everything, and is told again what is open. */
  loseAll(): void {
    this.engine.forgetAll();
    for (const member of this.engine.members.values()) member.assertAll();
  }

  #memberOf(instance: string): MemoryDirectory {
    const member = this.engine.members.get(instance);
    if (!member) throw new Error(`${instance} is not in the fleet`);
    return member;
  }
}

class MemoryUndertaker implements Undertaker {
  readonly #engine: MemoryEngine;
  readonly #context: UndertakerContext;
  #disarm = (): void => {};
  #isStopped = false;
  #atWork: Promise<void> = Promise.resolve();

  constructor(engine: MemoryEngine, context: UndertakerContext) {
    this.#engine = engine;
    this.#context = context;
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#disarm();
    await this.#atWork;
  }

  #lookLater(): void {
    const { clock } = this.#context;
    if (this.#isStopped) return;
    this.#disarm = clock.at(later(clock.monotonic(), lookEveryMs), () => {
      this.#atWork = this.#look().then(() => this.#lookLater());
    });
  }

  async #look(): Promise<void> {
    const { deadAfterMs, clock } = this.#context;
    for (const member of [...this.#engine.members.values()]) {
      // One that the engine does not know cannot be declared dead.
      if (!this.#engine.signs.has(member.instance)) continue;
      if (this.#engine.dead.has(member.instance) || clock.monotonic() - member.renewedAt < deadAfterMs)
        continue;
      if (await this.#publishes(member.instance)) continue;
      const { aliveAt, identity, context } = member;
      this.#engine.declareDead(identity, { aliveAt, unconfirmedSince: context.facts.unconfirmedSince() });
      this.#context.declared?.(identity.instance);
    }
    for (const [instance, death] of this.#engine.dead) {
      const heir = heirsOf(instance, this.#engine.dead).at(-1);
      if (heir === undefined || !this.#engine.lives(heir)) await this.#bury(instance, death);
    }
  }

  async #publishes(instance: string): Promise<boolean> {
    const { signal, deadAfterMs } = this.#context;
    if (!signal) return false;
    const state = await signal.stateOf(instance, deadAfterMs).catch(() => 'unknown' as const);
    return state !== 'silent';
  }

  async #bury(instance: string, death: DeclaredDeath): Promise<void> {
    const owed = this.#owedBy(instance, death);
    const connections = [...owed.keys()];
    for (let begin = 0; begin < connections.length; begin += owedAtATime) {
      const some = connections.slice(begin, begin + owedAtATime);
      const endings = some.flatMap((each) => owed.get(each) ?? []);
      const settled = await this.#context.tell(death, endings, this.#engine.clock.now()).catch(() => []);
      for (const connection of settled) this.#settle(instance, connection);
    }
  }

  #owedBy(instance: string, death: DeclaredDeath): Map<ConnectionId, OwedEnding> {
    const { unconfirmedSince } = death;
    const owed = new Map<ConnectionId, OwedEnding>();
    for (const [connection, open] of this.#engine.entries.get(instance) ?? []) {
      const holder = open.key === undefined ? undefined : this.#engine.slots.get(open.key);
      owed.set(connection, owedOf(open, holder, death, this.#engine.clock));
    }
    for (const { event, ending } of this.#engine.noted.of(instance))
      owed.set(event.connectionId, {
        event,
        unconfirmed: isUnconfirmed(event, unconfirmedSince),
        reason: 'adapter-lost',
        ending,
      });
    return owed;
  }

  #settle(instance: string, connection: ConnectionId): void {
    this.#engine.told.add(connection);
    this.#engine.noted.delete(instance, connection);
    const { key } = this.#engine.remove(instance, connection) ?? {};
    if (key !== undefined && this.#engine.slots.get(key)?.connection === connection)
      this.#engine.slots.delete(key);
  }
}
