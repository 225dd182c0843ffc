import type { ConnectionId, Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { OwedEnding } from '@rollcall/core/directory';
import { hasTimeLeft, heirsOf, isUnconfirmed, owedOf, type DeclaredDeath } from '@rollcall/core/internal';
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
  /** Whose endings it was asked to tell, and has not yet. */
  buries?: string;
}

/** Goes once through all that a dead instance owes. */
interface Pass {
  readonly owed: Iterator<OwedEnding>;
  isOver: boolean;
}

/** Who of the processes is dead, and who tells what it owes: a living one, some endings at a time. */
export class Deaths {
  readonly #state: FleetState;
  readonly #fleet: Fleet;
  readonly #undertakers = new Set<Undertaker>();
  /** When the look before was; a late one means that this process stood still, and that nobody was heard. */
  #lookedAt: Instant;
  /** By instance. None is asked for twice in a pass, and the next one begins at a look: what is not told never hides the rest. */
  readonly #passes = new Map<string, Pass>();
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
    const now = this.#fleet.clock.monotonic();
    for (const silent of [...this.#fleet.silent()]) {
      if (silent.identity.instance !== instance || !isSilent(silent, now)) continue;
      this.#fleet.declare(silent);
      for (const undertaker of this.#undertakers) {
        undertaker.tell({ what: 'declared', instance });
        break;
      }
    }
  }

  /** @param settled what is owed no more. */
  told(instance: string, settled: readonly ConnectionId[]): void {
    for (const connection of settled) this.#state.settle(instance, connection);
    for (const undertaker of this.#undertakers) if (undertaker.buries === instance) delete undertaker.buries;
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
    // Read once: if this process is stopped at a later statement, the next look must see that.
    const now = this.#fleet.clock.monotonic();
    const wasPaused = now - this.#lookedAt > lookEveryMs * 3;
    this.#lookedAt = now;
    this.#beginPasses();
    for (const silent of this.#fleet.silent())
      if (wasPaused) silent.heardAt = now;
      else if (isSilent(silent, now))
        for (const undertaker of this.#undertakers)
          undertaker.tell({ what: 'suspect', instance: silent.identity.instance });
    this.#bury();
  }

  #beginPasses(): void {
    for (const [instance, { isOver }] of this.#passes) {
      const death = this.#state.deaths.get(instance);
      if (!death || (isOver && !this.#owes(instance))) this.#passes.delete(instance);
      // Undertakers know by now which leases go on.
      else if (isOver) this.#pass(instance, this.#owedBy(instance, death, { ripeOnly: true }));
    }
  }

  #pass(instance: string, owed: Iterator<OwedEnding>): Pass {
    const pass = { owed, isOver: false };
    this.#passes.set(instance, pass);
    return pass;
  }

  #owes(instance: string): boolean {
    return this.#state.entries.has(instance) || this.#state.noted.countOf(instance) > 0;
  }

  /** Each death has one undertaker at a time. */
  #bury(): void {
    for (const [instance, death] of this.#state.deaths) {
      if (!this.#owes(instance)) continue;
      const isTold = [...this.#undertakers].some(({ buries }) => buries === instance);
      const heir = heirsOf(instance, this.#state.deaths).at(-1);
      const hasSuccessor = heir !== undefined && this.#fleet.lives(heir);
      if (isTold || hasSuccessor) continue;
      const free = [...this.#undertakers].find(({ buries }) => buries === undefined);
      if (!free) return;
      const pass =
        this.#passes.get(instance) ??
        this.#pass(instance, this.#owedBy(instance, death, { ripeOnly: false }));
      const owed = someOf(pass);
      if (owed.length === 0) continue;
      free.buries = instance;
      const { identity, aliveAt, declaredAt } = death;
      const now = this.#fleet.clock.now();
      free.tell({ what: 'bury', dead: { identity, aliveAt, declaredAt }, owed, now });
    }
  }

  /** Noted endings first: they can be told at once. @param ripeOnly without leases that have time left. */
  *#owedBy(
    instance: string,
    death: DeclaredDeath,
    { ripeOnly }: { ripeOnly: boolean },
  ): Generator<OwedEnding> {
    const { clock } = this.#fleet;
    for (const { event, ending } of this.#state.noted.of(instance)) {
      const unconfirmed = isUnconfirmed(event, death.unconfirmedSince);
      yield { event, unconfirmed, reason: 'adapter-lost', ending };
    }
    for (const open of this.#state.entries.get(instance)?.values() ?? []) {
      const holder = this.#state.holderOf(open.key);
      if (!ripeOnly || !hasTimeLeft(open, holder, clock.monotonic()))
        yield owedOf(open, holder, death, clock);
    }
  }
}

function isSilent({ heardAt, deadAfterMs }: Silent, now: Instant): boolean {
  return now - heardAt >= deadAfterMs;
}

function someOf(pass: Pass): readonly OwedEnding[] {
  const owed: OwedEnding[] = [];
  while (!pass.isOver && owed.length < owedAtATime) {
    const next = pass.owed.next();
    if (next.done === true) pass.isOver = true;
    else owed.push(next.value);
  }
  return owed;
}
