import type { Instant } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import { printable } from '@rollcall/core/text';
import type { Tallies } from './tallies.ts';

const minuteMs = 60_000;
const shownCharacters = 100;

/** Values in the engine that are not ours: skipped, and logged once a minute. */
export class ForeignValues {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tallies: Pick<Tallies, 'foreign_values'>;
  #toldAt: Instant | undefined;
  #untold = 0;

  constructor(clock: Clock, log: Log, tallies: Pick<Tallies, 'foreign_values'>) {
    this.#clock = clock;
    this.#log = log;
    this.#tallies = tallies;
  }

  /** @param where the kind of place it stands in. */
  found(where: string, value: unknown): void {
    this.#tallies.foreign_values += 1;
    this.#untold += 1;
    const now = this.#clock.monotonic();
    if (this.#toldAt !== undefined && now - this.#toldAt < minuteMs) return;
    const text = value instanceof Error ? value.message : String(value);
    this.#log.warn(
      { where, values: this.#untold, one: printable(text.slice(0, shownCharacters)) },
      'what stands in the connection directory is foreign, and is skipped',
    );
    this.#toldAt = now;
    this.#untold = 0;
  }
}
