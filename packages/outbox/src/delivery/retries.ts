import { later, type Clock, type Random } from '@rollcall/core/environment';
import { backoffMs, type BackoffLimits } from './backoff.ts';
import type { Entry } from './waiting-events.ts';

interface RetriesContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: BackoffLimits;
  /** It is time to try this event again. */
  tryAgain(entry: Entry): void;
}

/** Why and when an event is tried again. */
interface Retry {
  /** The pause that the sink asked for; the back-off may be longer. */
  readonly atLeastMs: number;
  /** Whether it waits only because the destination could not be reached. */
  readonly unreachable: boolean;
}

/** Events of a lane that failed. Each one backs off by itself, longer with each of its failures in a row. */
export class Retries {
  readonly #context: RetriesContext;
  /** How many tries in a row failed, by event. */
  readonly #failures = new Map<Entry, number>();
  /** Events that wait for their next try. */
  readonly #waiting = new Map<Entry, { readonly disarm: () => void; readonly unreachable: boolean }>();

  constructor(context: RetriesContext) {
    this.#context = context;
  }

  /** The event failed. */
  tryLater(entry: Entry, { atLeastMs, unreachable }: Retry): void {
    const { clock, random, backoff } = this.#context;
    const failures = (this.#failures.get(entry) ?? 0) + 1;
    this.#failures.set(entry, failures);
    const delayMs = Math.max(atLeastMs, backoffMs(failures, random, backoff));
    const disarm = clock.at(later(clock.monotonic(), delayMs), () => {
      this.#waiting.delete(entry);
      this.#context.tryAgain(entry);
    });
    this.#waiting.set(entry, { disarm, unreachable });
  }

  /** The event is finished. */
  done(entry: Entry): void {
    this.#failures.delete(entry);
  }

  /** Takes out the events that wait only because the destination could not be reached. */
  *takeUnreachable(): Iterable<Entry> {
    for (const [entry, { disarm, unreachable }] of this.#waiting) {
      if (!unreachable) continue;
      disarm();
      this.#waiting.delete(entry);
      // What failed for want of a connection says nothing about the next try.
      this.#failures.delete(entry);
      yield entry;
    }
  }

  stop(): void {
    for (const { disarm } of this.#waiting.values()) disarm();
    this.#waiting.clear();
  }
}
