/** Takes steps one after the other. A step never runs inside the call that made it necessary. */
export class OneStepAtATime {
  readonly #steps: (() => Promise<void> | void)[] = [];
  readonly #failed: (error: unknown) => void;
  #working: Promise<void> | undefined;

  /** @param failed called when a step threw; the next one is still taken. Must not throw. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Resolves when no step is left; `undefined`: there is none. */
  get working(): Promise<void> | undefined {
    return this.#working;
  }

  /** @returns the work that begins with this step; `undefined`: work is under way, and includes this step later. */
  take(step: () => Promise<void> | void): Promise<void> | undefined {
    this.#steps.push(step);
    if (this.#working) return undefined;
    this.#working = Promise.resolve().then(() => this.#work());
    return this.#working;
  }

  async #work(): Promise<void> {
    for (let step = this.#steps.shift(); step; step = this.#steps.shift())
      try {
        await step();
      } catch (error) {
        this.#failed(error);
      }
    this.#working = undefined;
  }
}
