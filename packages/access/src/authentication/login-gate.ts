import type { Clock } from '@rollcall/core/environment';
import type { PasswordVerifier } from '@rollcall/core/registry';
import { addressBlocks } from '@rollcall/core/sharing';
import { createComparisonDebt } from './comparison-debt.ts';
import type { FailureLimiter, Trier } from './failure-limiter.ts';
import { createHeldAnswers } from './held-answers.ts';
import {
  isBadCredentials,
  LoginDecisions,
  type Decide,
  type LoginTry,
  type Outcome,
  type Throttled,
} from './login-decisions.ts';
import type { ProofMemory } from './proof-memory.ts';
import { refuse } from './refuse.ts';
import { ThrottledWaits, type ThrottledWaitsOptions } from './throttled-waits.ts';

export interface LoginGateOptions extends ThrottledWaitsOptions {
  readonly limiter: FailureLimiter;
  readonly proofs: ProofMemory;
  readonly passwords: Pick<PasswordVerifier, 'load'>;
  /** When a failure is answered: so many ms after the try began, or a multiple of it. 0: at once. */
  readonly failureAnswerMs: number;
}

type InTurn = (isProved: boolean, work: () => Promise<Outcome>) => Promise<Outcome>;

/** Of failures that wait until they are told. */
const maxFailed = { max: 20_000, maxPerGroup: 5_000 };

/** Between devices and what decides about them: limits failures, and does not let a client learn why it failed. */
export class LoginGate {
  readonly #clock: Clock;
  readonly #limiter: FailureLimiter;
  readonly #proofs: ProofMemory;
  readonly #failureAnswerMs: number;
  readonly #decisions: LoginDecisions;
  readonly #waits: ThrottledWaits;
  readonly #failed;
  readonly #debt;

  constructor(options: LoginGateOptions) {
    const { clock, passwords } = options;
    this.#clock = clock;
    this.#limiter = options.limiter;
    this.#proofs = options.proofs;
    this.#failureAnswerMs = options.failureAnswerMs;
    this.#decisions = new LoginDecisions(options);
    this.#waits = new ThrottledWaits(options);
    this.#failed = createHeldAnswers({ clock, ...maxFailed });
    this.#debt = createComparisonDebt(clock, passwords);
  }

  /**
   * Has a try decided, unless too many failed before. Resolves late where it is refused for its credentials, or throttled.
   *
   * @param inTurn runs `work` when it is the try's turn; it is told whether this very secret was proved from this address of
   * late.
   */
  async pass(attempt: LoginTry, inTurn: InTurn, decide: Decide): Promise<Outcome> {
    const { near } = addressBlocks(attempt.address);
    const begunAt = this.#clock.monotonic();
    const dueInMs = this.#proofs.has(attempt.proof) ? 0 : this.#debt.add(near);
    const outcome = await this.#passOpenly(dueInMs === undefined, attempt, inTurn, decide);
    if (!isBadCredentials(outcome) || this.#failureAnswerMs === 0) return outcome;
    const elapsedMs = this.#clock.monotonic() - begunAt;
    const steps = Math.max(1, Math.ceil(Math.max(elapsedMs, dueInMs ?? 0) / this.#failureAnswerMs));
    await this.#failed.hold(near, steps * this.#failureAnswerMs - elapsedMs);
    return outcome;
  }

  /**
   * Whether a client may begin to prove that it has this name: `proved-only` with a secret that was proved from its address.
   * Resolves late where many share the address.
   */
  async mayName(trier: Trier): Promise<'yes' | 'proved-only' | 'no'> {
    const throttle = this.#limiter.throttle(trier);
    if (throttle === 'free' || throttle === 'spare') return 'yes';
    // A name without a proof is not looked up. The peer is not told anything meanwhile: there is no answer to hold back.
    if (throttle === 'refuse') return this.#proofs.knows(trier.name) ? 'proved-only' : 'no';
    return (await this.#waits.mayGoOn(trier, throttle)) ? 'yes' : 'no';
  }

  /** Every client that waits is answered at once, from now on. */
  stop(): void {
    this.#waits.stop();
    this.#failed.stop();
  }

  /** As {@link pass}, but a failure is reported at another time. */
  async #passOpenly(
    isOverdue: boolean,
    ...[attempt, inTurn, decide]: Parameters<LoginGate['pass']>
  ): Promise<Outcome> {
    for (let mayGoOn = false; ;) {
      const isProved = this.#proofs.has(attempt.proof);
      let throttle = isProved || mayGoOn ? 'free' : this.#limiter.throttle(attempt);
      // Whether there is room to hide a failure must not depend on what it was.
      if (!isProved && !this.#failed.hasRoom(addressBlocks(attempt.address).near)) return refuse('throttled');
      if (throttle === 'free' && (isProved || !isOverdue)) {
        let late: Throttled | undefined;
        const outcome = await inTurn(isProved, async () => {
          const decided = await this.#decisions.decideOnce(attempt, () => mayGoOn, decide);
          if (typeof decided === 'object') return decided;
          late = decided;
          return refuse('throttled');
        });
        if (late === undefined) return outcome;
        throttle = late;
      }
      if (throttle === 'free' || throttle === 'spare') return this.#passSparely(attempt, inTurn, decide);
      mayGoOn = await this.#waits.mayGoOn(attempt, throttle);
      if (!mayGoOn) return refuse('throttled');
    }
  }

  /**
   * Only the address failed too often, or has more to compare than a client is made to wait for. The client with the right
   * secret gets in; all others hear what throttled clients hear. One that is found right after that gets in when it comes again.
   */
  async #passSparely(attempt: LoginTry, inTurn: InTurn, decide: Decide): Promise<Outcome> {
    const { near } = addressBlocks(attempt.address);
    const decided = inTurn(false, async () => {
      const outcome = await this.#decisions.decideOnce(attempt, (throttle) => throttle === 'spare', decide);
      return typeof outcome === 'object' ? outcome : refuse('throttled');
    });
    // Without a place among those that are throttled, as long as for any failure.
    const answerMs = this.#waits.answerMs();
    const held = this.#waits.holdRefused(near, answerMs) ?? this.#failed.hold(near, this.#failureAnswerMs);
    const answersAtOnce = answerMs === 0 || this.#failureAnswerMs === 0;
    const late = Promise.all([held, answersAtOnce && decided]).then(() => refuse('throttled'));
    return Promise.race([
      decided.then((outcome): Outcome | Promise<Outcome> => (outcome.status === 'accepted' ? outcome : late)),
      late,
    ]);
  }
}
