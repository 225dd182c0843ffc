import type { ConnectionId, Epoch } from '@rollcall/core';
import type {
  ConnectionDirectory,
  CreateDirectory,
  DirectoryEntry,
  DirectoryListener,
  DirectoryStanding,
} from '@rollcall/core/directory';
import {
  createEpochSource,
  createLocalDirectory,
  uuidV7,
  type Announcer,
  type Connections,
  type EpochSource,
  type OpenEvent,
} from '@rollcall/presence/internal';
import type { DeadCounts } from './tell-for-the-dead.ts';
import { publishWhileAway } from './publish-while-away.ts';
import type { AdapterContext } from './adapter-context.ts';
import type { Delivery } from './open-delivery.ts';

/** How far a clock may have been changed while an event waited. */
const clockMarginMs = 120_000;

/**
 * The seat of an adapter in its fleet: what the adapter tells the directory, and what the directory tells it. Without a fleet, nothing
 * waits, and nobody tells anything.
 */
export class FleetSeat {
  readonly #context: AdapterContext;
  readonly #create: CreateDirectory | undefined;
  readonly #answers: Record<DirectoryStanding, number> = { held: 0, lost: 0, unknown: 0 };
  readonly #tallies = { displaced: 0, buried: 0, deaths_declared: 0, endings_told: 0 };
  #directory: ConnectionDirectory | undefined;
  #delivery: Delivery | undefined;
  #connections: Connections | undefined;
  #announcer: Pick<Announcer<OpenEvent>, 'announceAll'> | undefined;
  /** Before there was somebody to tell it. */
  #isAnnounceAsked = false;
  #epochs: EpochSource | undefined;
  #stopPublishing = (): void => {};

  /** @param create absent: the adapter is alone. */
  constructor(context: AdapterContext, create: CreateDirectory | undefined) {
    this.#context = context;
    this.#create = create;
  }

  /** See `OutboxOptions`. */
  get mayPublish(): (() => boolean) | undefined {
    return this.#create && (() => this.#directory?.alive ?? true);
  }

  /** Takes it, before any device is served. */
  async join(delivery: Delivery): Promise<void> {
    const { identity, clock, random, log, settings, observer } = this.#context;
    this.#delivery = delivery;
    const epochs = (this.#epochs = createEpochSource(clock, delivery.recovered.highWater));
    const listener = this.#listener(epochs);
    if (!this.#create) {
      this.#directory = createLocalDirectory({ self: identity, listener });
      return;
    }
    const directory = (this.#directory = await this.#create({
      self: identity,
      listener,
      facts: { epoch: () => epochs.own(), unconfirmedSince: () => this.#unconfirmedSince() },
      deadAfterMs: settings.deadAfterMs,
      clock,
      random,
      log,
    }));
    observer.watch('directory', {
      status: () => directory.status,
      answers: () => this.#answers,
      sight: () => directory.sight,
      counts: () => ({ ...this.#tallies, ...directory.counts() }),
    });
  }

  /** Who is told of what the directory says. */
  attend(connections: Connections, announcer: Pick<Announcer<OpenEvent>, 'announceAll'>): void {
    this.#connections = connections;
    this.#announcer = announcer;
    if (this.#isAnnounceAsked) announcer.announceAll();
    if (!this.#create) return;
    const { clock, settings } = this.#context;
    const { directory } = this;
    this.#stopPublishing = publishWhileAway({
      clock,
      directory,
      connections,
      deadAfterMs: settings.deadAfterMs,
    });
  }

  get directory(): ConnectionDirectory {
    if (!this.#directory) throw new Error('the adapter has not joined yet');
    return this.#directory;
  }

  /** Whether it shares its leases with others. */
  get isShared(): boolean {
    return this.#create !== undefined;
  }

  get epochs(): EpochSource {
    if (!this.#epochs) throw new Error('the adapter has not joined yet');
    return this.#epochs;
  }

  /** As {@link directory}, and counts what it answers. */
  get entrance(): Pick<
    ConnectionDirectory,
    'enter' | 'leave' | 'holderHere' | 'alive' | 'status' | 'leases'
  > {
    const { directory } = this;
    if (!this.#create) return directory;
    const answers = this.#answers;
    return {
      async enter(entry: DirectoryEntry) {
        const standing = await directory.enter(entry);
        answers[standing] += 1;
        return standing;
      },
      leave: (entry, ending) => directory.leave(entry, ending),
      holderHere: (device, slot) => directory.holderHere(device, slot),
      leases: directory.leases,
      get alive() {
        return directory.alive;
      },
      get status() {
        return directory.status;
      },
    };
  }

  /** Counts what this adapter does for dead adapters of its fleet. */
  readonly forTheDead: DeadCounts = {
    declared: () => void (this.#tallies.deaths_declared += 1),
    told: () => void (this.#tallies.endings_told += 1),
  };

  async close(): Promise<void> {
    this.#stopPublishing();
    await this.#directory?.close();
  }

  #listener(epochs: EpochSource): DirectoryListener {
    return {
      displaced: (connection, by) => {
        this.#tallies.displaced += 1;
        this.#connections?.displaced(connection, by);
      },
      buried: (neverKnown, toldByOthers) => this.#goOnAsAnother(neverKnown, toldByOthers),
      aliveAgain: () => {
        this.#connections?.aliveAgain();
        this.#delivery?.outbox.sendAgain();
      },
      epochSeen: (epoch, from, connection) => {
        if (from === 'fleet') {
          epochs.follow(epoch);
          return;
        }
        epochs.exceed(epoch);
        if (connection !== undefined) this.#connections?.displacedFrom(connection, epoch);
      },
      announceAsked: () => this.#announceAll(),
      leases: {
        heardElsewhere: (signs) => this.#connections?.leases.heardElsewhere(signs),
        movedAway: (connection, to) => this.#connections?.leases.movedAway(connection, to),
        endedElsewhere: (connection) => this.#connections?.leases.endedElsewhere(connection),
      },
    };
  }

  #announceAll(): void {
    const { log } = this.#context;
    log.info(
      { connections: this.#connections?.count ?? 0 },
      'asked to announce what is open: a consumer begins with nothing',
    );
    this.#isAnnounceAsked = this.#announcer === undefined;
    this.#announcer?.announceAll();
  }

  #goOnAsAnother(
    neverKnown: readonly ConnectionId[] = [],
    toldByOthers: readonly ConnectionId[] = [],
  ): string {
    const context = this.#context;
    const { clock, random, identity, log } = context;
    const instance = uuidV7(clock.now(), random);
    this.#tallies.buried += 1;
    const told = this.#connections?.bury(neverKnown) ?? new Set();
    log.warn(
      { instance: identity.instance, next: instance, connections: told.size },
      'this incarnation was declared dead: its connections end, and devices come back to the next one',
    );
    context.identity = { ...identity, instance };
    this.#delivery?.goOnAs(instance, [...told, ...toldByOthers]);
    // Not before the directory knows of the next one.
    queueMicrotask(() => this.#delivery?.outbox.sendAgain());
    return instance;
  }

  /** Of some that are confirmed it says that they may not be: they are told again with the same id. */
  #unconfirmedSince(): Epoch | undefined {
    const queued = this.#delivery?.outbox.depth().map(({ oldestAt }) => oldestAt) ?? [];
    const waiting = [...queued, this.#connections?.unpublishedSince].filter((at) => at !== undefined);
    if (waiting.length === 0) {
      this.#epochs?.forgetBehind();
      return undefined;
    }
    const behindMs = clockMarginMs + (this.#epochs?.behindMs() ?? 0);
    const since = Math.max(0, Math.min(...waiting) - behindMs);
    return since.toString(16).padStart(12, '0').padEnd(16, '0') as Epoch;
  }
}
