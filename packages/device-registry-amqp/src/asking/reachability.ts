import { later, type Clock } from '@rollcall/core/environment';
import type { Question } from './question.ts';

export interface ReachabilityOptions {
  readonly clock: Clock;
  /** A connection that is made again within this time does not count as away: services end connections when a token expires. */
  readonly patienceMs: number;
  changed(reachable: boolean): void;
  /** Asks the service whether it answers again. @param question the latest that it did not answer. */
  probe(question: Question): void;
}

/** How often a service that does not answer is asked again. */
const probeEveryMs = 1_000;

/** Whether a service can be asked: it is connected, and it answers. */
export class Reachability {
  readonly #options: ReachabilityOptions;
  #isConnected = false;
  /** The latest question that was not answered, while the service answers none. */
  #unanswered: Question | undefined;
  #isReachable = false;
  #isClosed = false;
  #disarmLoss = (): void => {};
  /** Undefined while no probe is to come. */
  #disarmProbe: (() => void) | undefined;

  constructor(options: ReachabilityOptions) {
    this.#options = options;
  }

  get reachable(): boolean {
    return this.#isReachable;
  }

  /** Whether there is a connection, or was one a moment ago. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  connected(isConnected: boolean): void {
    if (this.#isClosed) return;
    this.#disarmLoss();
    if (isConnected) {
      this.#isConnected = true;
      this.answered();
      this.#update();
      return;
    }
    const { clock, patienceMs } = this.#options;
    this.#disarmLoss = clock.at(later(clock.monotonic(), patienceMs), () => {
      this.#isConnected = false;
      this.#update();
    });
  }

  answered(): void {
    if (!this.#unanswered) return;
    this.#unanswered = undefined;
    this.#stopProbe();
    this.#update();
  }

  /** The service answered neither this question, nor any other since this one was asked. */
  unanswered(question: Question): void {
    if (this.#isClosed) return;
    this.#unanswered = question;
    this.#update();
    this.#probeLater();
  }

  /** There is no answer to a question, which does not say that the service is away: one that is away is asked again. */
  failed(): void {
    if (!this.#isClosed && this.#unanswered) this.#probeLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#disarmLoss();
    this.#stopProbe();
  }

  /** Other questions without an answer do not put it off. */
  #probeLater(): void {
    const { clock, probe } = this.#options;
    this.#disarmProbe ??= clock.at(later(clock.monotonic(), probeEveryMs), () => {
      this.#disarmProbe = undefined;
      if (this.#isConnected && this.#unanswered) probe(this.#unanswered);
    });
  }

  #stopProbe(): void {
    this.#disarmProbe?.();
    this.#disarmProbe = undefined;
  }

  #update(): void {
    const isReachable = this.#isConnected && !this.#unanswered;
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    this.#options.changed(isReachable);
  }
}
