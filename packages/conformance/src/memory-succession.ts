import type { Succession, UntoldEndings } from '@rollcall/core/directory';
import type { ConnectedEvent } from '@rollcall/core/events';
import { heirsOf } from '@rollcall/core/internal';
import type { MemoryDirectory } from './memory-directory.ts';

/** How one instance of a fleet in memory takes over what an earlier one left. */
export class MemorySuccession {
  readonly #of: MemoryDirectory;
  /** Settled while the engine was away. */
  readonly #toSettle: string[] = [];

  constructor(of: MemoryDirectory) {
    this.#of = of;
  }

  succeed(earlier: string): Promise<Succession> {
    return Promise.resolve(this.#of.isReachable ? this.#succeed(earlier) : { whose: 'unknown' });
  }

  #succeed(earlier: string): Succession {
    const { engine, instance } = this.#of;
    if (!engine.dead.has(earlier)) {
      const before = engine.members.get(earlier);
      if (!before && !engine.entries.has(earlier)) return { whose: 'ours' };
      const aliveAt = before?.aliveAt ?? engine.clock.now();
      engine.declareDead(
        { ...this.#of.identity, instance: earlier },
        { aliveAt, successor: instance, unconfirmedSince: before?.context.facts.unconfirmedSince() },
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
    const { engine } = this.#of;
    const death = engine.dead.get(earlier);
    if (!this.#of.isReachable || !death) return Promise.resolve(undefined);
    const owed = engine.entries.get(earlier);
    const untold = connections
      .map(({ connectionId }) => connectionId)
      .filter((each) => !owed?.has(each) && !engine.told.has(each))
      .filter((each) => !engine.noted.has(earlier, each));
    const { aliveAt, declaredAt } = death;
    return Promise.resolve({ connections: new Set(untold), aliveAt, declaredAt });
  }

  settled(earlier: string): void {
    if (!this.#of.isReachable) this.#toSettle.push(earlier);
    else if (this.#succeed(earlier).whose === 'ours') this.#settle(earlier);
  }

  /** Says what was settled while the engine was away. */
  settleRest(): void {
    for (const earlier of this.#toSettle.splice(0)) this.settled(earlier);
  }

  #settle(earlier: string): void {
    const { engine } = this.#of;
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
}
