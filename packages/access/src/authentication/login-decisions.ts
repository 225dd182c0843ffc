import type { VerifyingTurn } from '@rollcall/core/registry';
import { addressBlocks } from '@rollcall/core/sharing';
import type { ProofMark } from '@rollcall/outbox/internal';
import type { AuthenticationResult } from '../authentication-result.ts';
import type { FailureLimiter, Throttle, Trier } from './failure-limiter.ts';
import type { ProofMemory } from './proof-memory.ts';
import { isGuess, type Refused } from './refuse.ts';

/** The client that tries, and what it would prove. */
export interface LoginTry extends Trier {
  readonly proof: ProofMark;
}

export type Outcome = AuthenticationResult | Refused;
export type Throttled = Exclude<Throttle, 'free'>;
/** Looks a try up, and verifies what it presents. */
export type Decide = (turn: VerifyingTurn) => Promise<Outcome>;

/** Has tries decided, and remembers how: a success as a proof, a failure with the limiter. */
export class LoginDecisions {
  readonly #limiter: FailureLimiter;
  readonly #proofs: ProofMemory;
  /** Tries that are being decided, by the hash of what they would prove. */
  readonly #leaders = new Map<string, Promise<Outcome>>();

  constructor({ limiter, proofs }: { readonly limiter: FailureLimiter; readonly proofs: ProofMemory }) {
    this.#limiter = limiter;
    this.#proofs = proofs;
  }

  /**
   * Decides, unless too many failed meanwhile; the result says then how it is throttled. A peer that comes many times at once
   * with one secret makes one try of it: they are refused together.
   *
   * @param goesOn whether it is decided although it is throttled so.
   */
  async decideOnce(
    attempt: LoginTry,
    goesOn: (throttle: Throttled) => boolean,
    decide: Decide,
  ): Promise<Outcome | Throttled> {
    for (;;) {
      const leader = this.#leaders.get(attempt.proof.hash);
      if (!leader) break;
      const outcome = await leader;
      if (outcome.status === 'refused') return outcome;
    }
    if (this.#proofs.has(attempt.proof)) return this.#decideKnown(attempt, decide);
    // Others may have failed while it waited for its turn.
    const throttle = this.#limiter.throttle(attempt);
    return throttle === 'free' || goesOn(throttle) ? this.#lead(attempt, decide) : throttle;
  }

  async #lead(attempt: LoginTry, decide: Decide): Promise<Outcome> {
    const { hash } = attempt.proof;
    const outcome = this.#decideStranger(attempt, decide);
    this.#leaders.set(hash, outcome);
    return outcome.finally(() => this.#leaders.delete(hash));
  }

  /** Decides, and counts a failure. A try that is let through begins in the same tick: else a thousand at once would be. */
  async #decideStranger(attempt: LoginTry, decide: Decide): Promise<Outcome> {
    // A name that did not fail recently does not wait behind those that did.
    const turn = { owner: addressBlocks(attempt.address).near, isSuspect: this.#limiter.hasFailed(attempt) };
    const counted = this.#limiter.begin(attempt);
    let outcome: Outcome | undefined;
    try {
      outcome = await decide(turn);
    } finally {
      if (outcome && isBadCredentials(outcome)) counted.failed(isGuess(outcome));
      else counted.over();
    }
    if (outcome.status === 'accepted') this.#proofs.add(attempt.proof);
    return outcome;
  }

  async #decideKnown(attempt: LoginTry, decide: Decide): Promise<Outcome> {
    const outcome = await decide({ owner: addressBlocks(attempt.address).near, isSuspect: false });
    if (outcome.status === 'accepted') this.#proofs.add(attempt.proof);
    if (isBadCredentials(outcome)) {
      this.#proofs.forget(attempt.proof);
      this.#limiter.failed(attempt);
    }
    return outcome;
  }
}

export function isBadCredentials(outcome: Outcome): boolean {
  return outcome.status === 'refused' && outcome.refusal.reason === 'bad-credentials';
}
