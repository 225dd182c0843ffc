import { every, within, type Clock } from '@rollcall/core/environment';
import { reasonOf } from '@rollcall/runtime';

export interface DatabaseWatchOptions {
  readonly clock: Clock;
  /** A query that takes no time, such as one for what an index does not have. It rejects if the database does not answer. */
  ask(): Promise<unknown>;
  /** Called after each answer, with the reason if there was none. */
  noticed?(cause: string | undefined): void;
}

const eachMs = 2_000;
/** Who asks for the readiness does not wait longer. */
const answerWithinMs = 1_000;
/** A database that takes longer does not answer. Requests wait longer before they are answered so. */
const silentAfterMs = 5_000;

/** Whether the database answers. It is asked every two seconds, and when somebody wants to know; with one query at a time. */
export class DatabaseWatch {
  readonly #options: DatabaseWatchOptions;
  readonly #stop: () => void;
  #asking: { readonly sinceMs: number; readonly answered: Promise<void> } | undefined;
  #didFail = false;

  constructor(options: DatabaseWatchOptions) {
    this.#options = options;
    this.#stop = every(options.clock, eachMs, () => void this.#ask());
  }

  /** By the latest answer, or because there is none for five seconds. */
  get isAway(): boolean {
    const silentMs = this.#asking ? this.#options.clock.monotonic() - this.#asking.sinceMs : 0;
    return this.#didFail || silentMs >= silentAfterMs;
  }

  /** Resolves with `isAway` as of now, and not as of when the database was asked last; after a second at most. */
  async look(): Promise<boolean> {
    await within(this.#askAnew(), answerWithinMs, this.#options.clock);
    return this.isAway;
  }

  stop(): void {
    this.#stop();
  }

  async #askAnew(): Promise<void> {
    // The answer to a query that was under way may be from before.
    await this.#asking?.answered;
    await this.#ask();
  }

  #ask(): Promise<void> {
    this.#asking ??= {
      sinceMs: this.#options.clock.monotonic(),
      answered: this.#askDatabase().finally(() => (this.#asking = undefined)),
    };
    return this.#asking.answered;
  }

  async #askDatabase(): Promise<void> {
    let cause: string | undefined;
    try {
      await this.#options.ask();
    } catch (error) {
      cause = reasonOf(error);
    }
    this.#didFail = cause !== undefined;
    this.#options.noticed?.(cause);
  }
}
