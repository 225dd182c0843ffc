import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

const tickMs = 100;
/** 200 a second: a hundred thousand take eight minutes, and new events do not wait for them. */
const perTick = 20;
/** However often it is requested. */
const atMostEveryMs = 60_000;

export interface AnnounceAllOptions<Item> {
  readonly clock: Clock;
  /** All items that are open now. */
  all(): Iterable<Item>;
  holds(item: Item): boolean;
  /** @returns whether every sink took it. */
  say(item: Item): boolean;
}

/**
 * Announces all open connections on request, each once, at a limited rate. Those that a sink could not take are tried again at the end, as
 * long as some of them succeed.
 *
 *     idle ── asked ──▶ saying ── all was said ──▶ idle
 *     saying ── asked ──▶ saying, and again after that, a minute after it began
 */
export class AnnounceAll<Item> {
  readonly #options: AnnounceAllOptions<Item>;
  #left: Item[] = [];
  #refused: Item[] = [];
  #isSomeSaid = false;
  #begunAt: Instant | undefined;
  #isAsked = false;
  #isBusy = false;
  #disarm = (): void => {};

  constructor(options: AnnounceAllOptions<Item>) {
    this.#options = options;
  }

  ask(): void {
    this.#isAsked = true;
    if (!this.#isBusy) this.#beginLater();
  }

  stop(): void {
    this.#disarm();
    this.#isBusy = true;
  }

  #beginLater(): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    this.#isBusy = true;
    const mayBeginAt = this.#begunAt === undefined ? now : later(this.#begunAt, atMostEveryMs);
    // Not within the call itself: an adapter that starts has not taken up its open connections yet.
    this.#disarm = clock.at(Math.max(later(now, tickMs), mayBeginAt) as Instant, () => this.#begin());
  }

  #begin(): void {
    this.#isAsked = false;
    this.#begunAt = this.#options.clock.monotonic();
    this.#left = [...this.#options.all()].toReversed();
    this.#refused = [];
    this.#isSomeSaid = false;
    this.#say();
  }

  #say(): void {
    const { clock, holds, say } = this.#options;
    for (const item of this.#left.splice(-perTick).toReversed())
      if (!holds(item)) continue;
      else if (say(item)) this.#isSomeSaid = true;
      else this.#refused.push(item);
    if (this.#left.length === 0 && this.#isSomeSaid) {
      this.#left = this.#refused.splice(0).toReversed();
      this.#isSomeSaid = false;
    }
    if (this.#left.length > 0) this.#disarm = clock.at(later(clock.monotonic(), tickMs), () => this.#say());
    else this.#end();
  }

  #end(): void {
    this.#isBusy = false;
    if (this.#isAsked) this.#beginLater();
  }
}
