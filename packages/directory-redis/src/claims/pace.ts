import type { Instant } from '@rollcall/core';
import { later, sleep, type Clock } from '@rollcall/core/environment';

/** How many assertions an engine can take beside the load of devices, from the whole fleet. */
const fleetPerSecond = 30_000;
const leastPerSecond = 300;
const mostPerSecond = 2_000;

/** How many connections an instance asserts again in a second: when the engine loses its data, all instances do so at once. */
export function assertionsPerSecond(instances: number): number {
  return Math.min(
    mostPerSecond,
    Math.max(leastPerSecond, Math.floor(fleetPerSecond / Math.max(1, instances))),
  );
}

/** Into how many slices a second is divided. */
const slicesPerSecond = 10;

/** Lets so many callers go on in each slice of a second; the others wait for the next slice. */
export class Pace {
  readonly #clock: Clock;
  perSecond: number;
  #passed = 0;
  #sliceEnds: Instant;
  #nextSlice: Promise<void> | undefined;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.perSecond = perSecond;
    this.#sliceEnds = clock.monotonic();
  }

  async pass(): Promise<void> {
    while (this.#passed >= this.perSecond / slicesPerSecond) await (this.#nextSlice ??= this.#beginSlice());
    this.#passed += 1;
  }

  async #beginSlice(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#sliceEnds = later(this.#sliceEnds > now ? this.#sliceEnds : now, 1_000 / slicesPerSecond);
    await sleep(this.#clock, this.#sliceEnds - now);
    this.#passed = 0;
    this.#nextSlice = undefined;
  }
}
