import type { Script } from '../scripts/script.ts';

export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** The result of one call, or its error. */
export type ScriptOutcome = { readonly value: unknown } | { readonly error: unknown };

interface Waiting extends ScriptCall {
  settle(outcome: ScriptOutcome): void;
}

/**
 * Sends scripts in order, one batch at a time: those of one turn of the event loop, and then those that are asked until these are
 * answered. A write to a socket costs more than its content: under load, batches grow, and their number falls.
 */
export class ScriptBatches {
  readonly #send: (calls: readonly ScriptCall[]) => Promise<readonly ScriptOutcome[]>;
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** @param send must not reject; its outcomes are in the order of the calls. */
  constructor(send: (calls: readonly ScriptCall[]) => Promise<readonly ScriptOutcome[]>) {
    this.#send = send;
  }

  run(call: ScriptCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        ...call,
        settle: (outcome) => {
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.value);
        },
      });
      this.#sendSoon();
    });
  }

  #sendSoon(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    setImmediate(() => {
      const batch = this.#waiting;
      this.#waiting = [];
      void this.#send(batch).then((outcomes) => {
        this.#isBusy = false;
        for (const [index, { settle }] of batch.entries())
          settle(outcomes[index] ?? { error: new Error('no answer') });
        this.#sendSoon();
      });
    });
  }
}
