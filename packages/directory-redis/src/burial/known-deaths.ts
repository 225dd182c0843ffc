import type { AdapterIdentity } from '@rollcall/core/events';
import { passedOn, type Death } from '../wire/death.ts';
import type { FleetState } from './read-fleet.ts';

/** Beyond it, the oldest death is forgotten. */
const most = 10_000;

interface KnownDeath {
  readonly short: string;
  readonly death: Death;
  readonly identity: AdapterIdentity;
}

/** The deaths that this process has seen: an engine that lost its memory does not know them any more. */
export class KnownDeaths {
  readonly #known = new Map<string, KnownDeath>();

  /**
   * Deaths that the engine does not know. They are owed again: connections of these incarnations must be fenced, and ended.
   *
   * @param declaredAfterMs older ones are left out, and forgotten: another undertaker may have taken them out on purpose.
   */
  forgottenBy(
    { deaths, identities }: Pick<FleetState, 'deaths' | 'identities'>,
    declaredAfterMs: number,
  ): readonly KnownDeath[] {
    for (const { short, death } of this.#known.values())
      if (death.declaredAtMs <= declaredAfterMs) this.#known.delete(short);
    const forgotten = [...this.#known.values()].filter(({ short }) => !deaths.has(short));
    for (const [short, death] of deaths) {
      const identity = identities.get(short) ?? this.#known.get(short)?.identity;
      if (identity) this.#known.set(short, { short, death: passedOn(death, 'owed'), identity });
    }
    for (const short of this.#known.keys()) {
      if (this.#known.size <= most) break;
      this.#known.delete(short);
    }
    return forgotten;
  }

  /** It was dead for so long that it does not come back. */
  forget(short: string): void {
    this.#known.delete(short);
  }
}
