import { later, type Clock } from '@rollcall/core/environment';

const answerWithinMs = 50;

/** The answers of an engine in memory to one instance. A test can have them lost, or held back. */
export class MemoryAnswers {
  readonly #clock: Clock;
  #areLost = false;
  /** Answers that are held back. */
  #held: (() => void)[] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get areLost(): boolean {
    return this.#areLost;
  }

  /**
   * What the engine says, or `unknown` where that takes too long.
   *
   * @param late takes the place of `work` then.
   */
  answer<Value>(work: () => Value, unknown: Value, late: () => void = work): Promise<Value> {
    if (!this.#held) {
      const answered = work();
      return Promise.resolve(this.#areLost ? unknown : answered);
    }
    const clock = this.#clock;
    const answer = Promise.withResolvers<Value>();
    let isLate = false;
    this.#held.push(() => {
      if (isLate) late();
      else answer.resolve(work());
    });
    clock.at(later(clock.monotonic(), answerWithinMs), () => {
      isLate = true;
      answer.resolve(unknown);
    });
    return answer.promise;
  }

  /** The engine hears the instance, and no answer arrives, until the result is called. */
  lose(): () => void {
    this.#areLost = true;
    return () => (this.#areLost = false);
  }

  /** No answer arrives until the result is called. */
  hold(): () => void {
    this.#held = [];
    return () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const answer of held) answer();
    };
  }
}
