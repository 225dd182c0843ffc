import { later, type Clock } from '@rollcall/core/environment';

export interface ListeningPeriodOptions {
  readonly clock: Clock;
  readonly periodMs: number;
  /** Writes a line for people. */
  tell(line: string): void;
}

/** So many periods after the beginning there was no whole one: the network comes and goes. */
const periodsInAll = 3;

/** A time in which events could be received without a break. It begins when they can, and again after each loss. */
export class ListeningPeriod {
  /** Resolves with why there was no such time, or with `undefined` when it is over. */
  readonly over: Promise<string | undefined>;
  readonly #options: ListeningPeriodOptions;
  readonly #end: (why: string | undefined) => void;
  readonly #disarmBound: () => void;
  #disarm: () => void;
  #attached = false;

  constructor(options: ListeningPeriodOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.over = promise;
    this.#end = resolve;
    const { periodMs } = options;
    const broken = `events could not be received for ${seconds(periodMs)} without a break`;
    this.#disarmBound = this.#after(periodMs * periodsInAll, broken);
    this.#disarm = this.#awaitNetwork();
  }

  /** Called when events can arrive, and when they no longer can. */
  onStateChange(attached: boolean): void {
    if (attached === this.#attached) return;
    this.#attached = attached;
    this.#disarm();
    const { periodMs, tell } = this.#options;
    if (attached) this.#disarm = this.#after(periodMs, undefined);
    else {
      tell(`the network was lost while listening: the ${seconds(periodMs)} begin again when it is back`);
      this.#disarm = this.#awaitNetwork();
    }
  }

  /** Ends its timers. */
  close(): void {
    this.#disarm();
    this.#disarmBound();
  }

  #awaitNetwork(): () => void {
    const { periodMs } = this.#options;
    return this.#after(
      periodMs,
      `events could not be received within ${seconds(periodMs)}: is the network there?`,
    );
  }

  #after(durationMs: number, why: string | undefined): () => void {
    const { clock } = this.#options;
    return clock.at(later(clock.monotonic(), durationMs), () => {
      this.close();
      this.#end(why);
    });
  }
}

function seconds(durationMs: number): string {
  return `${durationMs / 1_000} s`;
}
