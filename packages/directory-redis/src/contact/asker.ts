import type { Clock } from '@rollcall/core/environment';
import { isNotPermitted, isRefusal, type Engine } from '../engine/engine.ts';
import type { Script } from '../scripts/script.ts';
import type { ForeignValues } from '../state/foreign-values.ts';
import type { Tallies } from '../state/tallies.ts';
import { Breaker } from './breaker.ts';
import { DeadlineQueue } from './deadline-queue.ts';

/** `answer`: what the engine said. `refused`: it holds something foreign there. `none`: no answer, or not in time. */
export type Reply =
  | { readonly status: 'answer'; readonly value: unknown }
  | { readonly status: 'refused' }
  | { readonly status: 'none' };

const none: Reply = { status: 'none' };
const refused: Reply = { status: 'refused' };

export interface AskerOptions {
  readonly clock: Clock;
  readonly foreign: ForeignValues;
  readonly tallies: Tallies;
  /** How long a device waits for an answer. */
  readonly deviceWaitMs: number;
  engine(): Engine;
  /** Too many answers in a row did not come in time. */
  tooManyMisses(): void;
  /** The user may not do what was asked. */
  notPermitted?(): void;
}

/** Asks the engine. Nothing rejects. */
export class Asker {
  readonly #options: AskerOptions;
  readonly #waits: DeadlineQueue;
  readonly breaker = new Breaker();
  #touch = false;
  /** Why the last missing answer did not come. */
  lastFailure = 'no answer';
  /**
   * Since the engine was last in touch, a question was never answered, or a published message was not heard,
   * or may not have been. What these should have changed may be lost, and more with it.
   */
  mayHaveMissed = true;
  /** How often that happened, also while the engine was in touch. */
  failures = 0;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#waits = new DeadlineQueue(options.clock, options.deviceWaitMs);
  }

  /** Whether the engine answers, as far as is known. */
  get inTouch(): boolean {
    return this.#touch;
  }

  set inTouch(touch: boolean) {
    this.#touch = touch;
    if (touch) this.breaker.close();
  }

  /** Whether to send one more question. */
  get canAsk(): boolean {
    return this.#touch && !this.breaker.isFull;
  }

  /** Asks, however long the answer takes. */
  async ask(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    this.breaker.asked();
    try {
      return { status: 'answer', value: await this.#options.engine().run(script, keys, args) };
    } catch (error) {
      return this.#unanswered(script.name, error);
    } finally {
      this.breaker.over();
    }
  }

  /**
   * Asks for a device that waits: settles in time.
   *
   * @param late called with an answer that came after that.
   */
  askInTime(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    late: (reply: Reply) => void,
  ): Promise<Reply> {
    return new Promise((resolve) => {
      let waits = true;
      const done = this.#waits.wait(() => {
        waits = false;
        this.#notInTime();
        resolve(none);
      });
      void this.ask(script, keys, args).then((reply) => {
        if (!waits) {
          late(reply);
          return;
        }
        done();
        if (reply.status === 'none') this.#notInTime();
        else this.breaker.answeredInTime();
        resolve(reply);
      });
    });
  }

  /** Settles with the work, or when a device would not wait any more, which says nothing about the engine. */
  inTime(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const done = this.#waits.wait(resolve);
      const over = (): void => {
        done();
        resolve();
      };
      work.then(over, over);
    });
  }

  /** As {@link ask}, for a command that only reads. */
  async look(
    command: Parameters<Engine['read']>[0],
    key: string,
    ...args: readonly string[]
  ): Promise<Reply> {
    try {
      return { status: 'answer', value: await this.#options.engine().read(command, key, ...args) };
    } catch (error) {
      return this.#unanswered(command, error);
    }
  }

  /** A question may not have been heard, or a message of the engine. */
  missed(): void {
    this.mayHaveMissed = true;
    this.failures += 1;
  }

  #unanswered(question: string, error: unknown): Reply {
    const mayNot = isNotPermitted(error);
    if (mayNot) this.#options.notPermitted?.();
    this.lastFailure = error instanceof Error ? error.message : String(error);
    if (isRefusal(error)) {
      if (!mayNot) this.#options.foreign.found(question, error);
      return refused;
    }
    this.missed();
    return none;
  }

  #notInTime(): void {
    this.#options.tallies.claims_unanswered += 1;
    this.breaker.missed();
    if (this.breaker.isOpen && this.#touch) this.#options.tooManyMisses();
  }
}
