import type { ConnectionId, Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { OwedEnding } from '@rollcall/core/directory';
import { heirsOf, isUnconfirmed, owedOf, type DeclaredDeath } from '@rollcall/core/internal';
import type { Told } from './calls.ts';
import type { FleetState } from './fleet-state.ts';
import type { Silent } from './member.ts';

const lookEveryMs = 500;
/** Endings that one undertaker has to tell at a time. */
const owedAtATime = 100;

interface Fleet {
  readonly clock: Clock;
  silent(): Iterable<Silent>;
  lives(instance: string): boolean;
  declare(silent: Silent): void;
}

/** One that tells the endings of the dead. */
interface Undertaker {
  readonly deadAfterMs: number;
  tell(told: Told): void;
  /** What it was asked to tell, and has not yet. */
  buries?: { readonly instance: string; readonly connections: readonly ConnectionId[] };
}

/** Who of the processes is dead, and who tells what it owes: a living one, some endings at a time. */
export class Deaths {
  readonly #state: FleetState;
  readonly #fleet: Fleet;
  readonly #undertakers = new Set<Undertaker>();
  /** When the look before was; a late one means that this process stood still, and that nobody was heard. */
  #lookedAt: Instant;
  /** Endings that were asked for since the look before, by instance: none twice. */
  readonly #asked = new Map<string, number>();
  #disarm = (): void => {};

  constructor(state: FleetState, fleet: Fleet) {
    this.#state = state;
    this.#fleet = fleet;
    this.#lookedAt = fleet.clock.monotonic();
  }

  /** The result ends it. */
  undertaker(deadAfterMs: number, tell: (told: Told) => void): () => void {
    const undertaker: Undertaker = { deadAfterMs, tell };
    this.#undertakers.add(undertaker);
    if (this.#undertakers.size === 1) {
      this.#lookedAt = this.#fleet.clock.monotonic();
      this.#lookLater();
    }
    return () => {
      this.#undertakers.delete(undertaker);
      if (this.#undertakers.size === 0) this.#disarm();
    };
  }

  stop(): void {
    this.#undertakers.clear();
    this.#disarm();
  }

  /** What an undertaker says of one that gives no sign of life. */
  verdict(instance: string, isDead: boolean): void {
    if (!isDead) return;
    for (const silent of [...this.#fleet.silent()]) {
      if (silent.identity.instance !== instance || !this.#isSilent(silent)) continue;
      this.#fleet.declare(silent);
      for (const undertaker of this.#undertakers) {
        undertaker.tell({ what: 'declared', instance });
        break;
      }
    }
  }

  /** @param settled what is owed no more. */
  told(instance: string, settled: readonly ConnectionId[]): void {
    const asked = this.#asked.get(instance);
    if (asked !== undefined) this.#asked.set(instance, Math.max(0, asked - settled.length));
    for (const connection of settled) this.#state.settle(instance, connection);
    for (const undertaker of this.#undertakers) {
      if (undertaker.buries?.instance !== instance) continue;
      // A lease that goes on, or what no one confirmed, comes again after all others.
      this.#state.toTheEnd(instance, undertaker.buries.connections);
      delete undertaker.buries;
    }
    this.#bury();
  }

  #lookLater(): void {
    const { clock } = this.#fleet;
    this.#disarm = clock.at(later(clock.monotonic(), lookEveryMs), () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const now = this.#fleet.clock.monotonic();
    const wasPaused = now - this.#lookedAt > lookEveryMs * 3;
    this.#lookedAt = now;
    this.#asked.clear();
    for (const silent of this.#fleet.silent())
      if (wasPaused) silent.heardAt = now;
      else if (this.#isSilent(silent))
        for (const undertaker of this.#undertakers)
          undertaker.tell({ what: 'suspect', instance: silent.identity.instance });
    this.#bury();
  }

  #isSilent({ heardAt, deadAfterMs }: Silent): boolean {
    return this.#fleet.clock.monotonic() - heardAt >= deadAfterMs;
  }

  /** Each death has one undertaker at a time. */
  #bury(): void {
    for (const [instance, death] of this.#state.deaths) {
      const isTold = [...this.#undertakers].some(({ buries }) => buries?.instance === instance);
      const heir = heirsOf(instance, this.#state.deaths).at(-1);
      const hasSuccessor = heir !== undefined && this.#fleet.lives(heir);
      const open = this.#state.entries.get(instance)?.size ?? 0;
      const left = open + this.#state.noted.countOf(instance) - (this.#asked.get(instance) ?? 0);
      if (isTold || hasSuccessor || left <= 0) continue;
      const free = [...this.#undertakers].find(({ buries }) => buries === undefined);
      if (!free) return;
      const { identity, aliveAt, declaredAt } = death;
      const owed = this.#owedBy(instance, death, Math.min(left, owedAtATime));
      free.buries = { instance, connections: owed.map(({ event }) => event.connectionId) };
      // Settled ones leave, and so do not count twice.
      this.#asked.set(instance, (this.#asked.get(instance) ?? 0) + owed.length);
      const now = this.#fleet.clock.now();
      free.tell({ what: 'bury', dead: { identity, aliveAt, declaredAt }, owed, now });
    }
  }

  #owedBy(instance: string, death: DeclaredDeath, atMost: number): readonly OwedEnding[] {
    const { unconfirmedSince } = death;
    const owed: OwedEnding[] = [];
    for (const open of this.#state.entries.get(instance)?.values() ?? []) {
      owed.push(owedOf(open, this.#state.holderOf(open.key), death, this.#fleet.clock));
      if (owed.length === atMost) return owed;
    }
    for (const { event, ending } of this.#state.noted.of(instance)) {
      const unconfirmed = isUnconfirmed(event, unconfirmedSince);
      owed.push({ event, unconfirmed, reason: 'adapter-lost', ending });
      if (owed.length === atMost) break;
    }
    return owed;
  }
}
