import type { Clock, Random } from '@rollcall/core/environment';
import { addressBlocks } from '@rollcall/core/sharing';
import type { ProofMark } from '@rollcall/outbox/internal';
import type { Throttle, Trier } from './failure-limiter.ts';
import { createHeldAnswers } from './held-answers.ts';
import { createRecentHashes } from './recent-hashes.ts';

export interface ThrottledWaitsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** A throttled try is answered after some time between these; where `most` is 0, at once. */
  readonly throttledAnswerMs: { readonly least: number; readonly most: number };
}

/** Of tries that are refused after their wait. */
const maxRefused = { max: 1_000, maxPerGroup: 100 };
/** Of tries that are looked at after their wait: some 60 a second of one name. */
const maxDelayed = { max: 2_000, maxPerGroup: 200 };
/** The same, of tries for which there was no place the first time. */
const maxRepeated = { max: 1_000, maxPerGroup: 100 };

/** Where throttled tries wait, those that are refused afterwards and those that go on. */
export class ThrottledWaits {
  readonly #options: ThrottledWaitsOptions;
  readonly #refused;
  readonly #delayed;
  readonly #repeated;
  /** Of tries for which there was no place. */
  readonly #refusedSecrets;
  /** What the tries would prove that are delayed. */
  readonly #delayedSecrets = new Set<string>();

  constructor(options: ThrottledWaitsOptions) {
    const { clock } = options;
    this.#options = options;
    this.#refused = createHeldAnswers({ clock, ...maxRefused });
    this.#delayed = createHeldAnswers({ clock, ...maxDelayed });
    this.#repeated = createHeldAnswers({ clock, ...maxRepeated });
    this.#refusedSecrets = createRecentHashes(clock);
  }

  /** When the next throttled try is answered, from now. */
  answerMs(): number {
    const { least, most } = this.#options.throttledAnswerMs;
    return least + Math.floor(this.#options.random.next() * (most - least));
  }

  /** Resolves when a refused try of this address block is answered; `undefined`: there is no place. */
  holdRefused(near: string, answerMs: number): Promise<void> | undefined {
    return this.#refused.hold(near, answerMs);
  }

  /** Whether a throttled try may go on, after the wait that it is given. */
  async mayGoOn(
    trier: Trier & { readonly proof?: ProofMark },
    throttle: Exclude<Throttle, 'free'>,
  ): Promise<boolean> {
    const { near } = addressBlocks(trier.address);
    if (throttle === 'refuse') {
      await this.holdRefused(near, this.answerMs());
      return false;
    }
    // A client that says the same again and again takes one place.
    const secret = trier.proof?.hash ?? '';
    if (this.#delayedSecrets.has(secret)) return false;
    const group = `${near}\n${trier.name}`;
    const turn = this.#delayed.hold(group, this.answerMs()) ?? this.#holdIfRepeated(group, secret);
    if (!turn) return false;
    if (secret !== '') this.#delayedSecrets.add(secret);
    await turn;
    this.#delayedSecrets.delete(secret);
    return true;
  }

  /** Every client that waits is answered at once, from now on. */
  stop(): void {
    for (const held of [this.#refused, this.#delayed, this.#repeated]) held.stop();
  }

  /** A guesser goes on to another secret, a device comes with its own again: it has places of its own. */
  #holdIfRepeated(group: string, secret: string): Promise<void> | undefined {
    if (secret === '') return undefined;
    if (this.#refusedSecrets.has(secret)) return this.#repeated.hold(group, this.answerMs());
    this.#refusedSecrets.add(secret);
    return undefined;
  }
}
