import {
  addressBlocks,
  type Clock,
  type PasswordVerifier,
  type Random,
  type VerifyingTurn,
} from '@rollcall/core';
import type { AuthenticationResult } from '../authentication-result.ts';
import { createComparisonDebt } from './comparison-debt.ts';
import type { FailureLimiter, Throttle, Trier } from './failure-limiter.ts';
import { createHeldAnswers } from './held-answers.ts';
import type { ProofMark } from '@rollcall/outbox/internal';
import type { ProofMemory } from './proof-memory.ts';
import { createRecentHashes } from './recent-hashes.ts';
import { isGuess, refuse, type Refused } from './refuse.ts';

export interface LoginGateOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limiter: FailureLimiter;
  readonly proofs: ProofMemory;
  readonly passwords: Pick<PasswordVerifier, 'load'>;
  /** When whoever failed is told so: so many ms after the try began, or a multiple of it. 0: at once. */
  readonly failureAnswerMs: number;
  /** A throttled try is answered after some time between these; where `most` is 0, at once. */
  readonly throttledAnswerMs: { readonly least: number; readonly most: number };
}

/** Whoever tries, and what it would prove. */
interface LoginTry extends Trier {
  readonly proof: ProofMark;
}

type Outcome = AuthenticationResult | Refused;
type Throttled = Exclude<Throttle, 'free'>;
type Decide = (turn: VerifyingTurn) => Promise<Outcome>;
type InTurn = (isProved: boolean, work: () => Promise<Outcome>) => Promise<Outcome>;

/** Between devices and whoever decides about them: limits failures, and lets nobody learn why it failed. */
export interface LoginGate {
  /**
   * Has a try decided, unless too many failed before. Resolves late where it is refused for its credentials, or throttled.
   *
   * @param inTurn runs `work` when it is the turn of whoever tries; it is told whether this very secret was proved from this
   * address of late.
   */
  pass(attempt: LoginTry, inTurn: InTurn, decide: Decide): Promise<Outcome>;
  /**
   * Whether somebody may begin to prove that it has this name: `proved-only` with a secret that was proved from its address.
   * Resolves late where many share the address.
   */
  mayName(trier: Trier): Promise<'yes' | 'proved-only' | 'no'>;
  /** Whoever waits is answered at once, from now on. */
  stop(): void;
}

const maxThrottled = { max: 1_000, maxPerGroup: 100 };
/** Of tries that are looked at after their wait: some 60 a second of one name. */
const maxDelayed = { max: 2_000, maxPerGroup: 200 };
/** The same, of tries for which there was no place the first time. */
const maxRepeated = { max: 1_000, maxPerGroup: 100 };
/** Of failures that wait until they are told. */
const maxFailed = { max: 20_000, maxPerGroup: 5_000 };

export function createLoginGate(options: LoginGateOptions): LoginGate {
  const { clock, random, limiter, proofs, failureAnswerMs } = options;
  const throttled = createHeldAnswers({ clock, ...maxThrottled });
  const delayed = createHeldAnswers({ clock, ...maxDelayed });
  const failed = createHeldAnswers({ clock, ...maxFailed });
  const repeated = createHeldAnswers({ clock, ...maxRepeated });
  const debt = createComparisonDebt(clock, options.passwords);
  const refusedSecrets = createRecentHashes(clock);
  /** What the tries would prove that are delayed. */
  const delayedSecrets = new Set<string>();
  /** Tries that are being decided, by the hash of what they would prove. */
  const leaders = new Map<string, Promise<Outcome>>();

  function throttleMs(): number {
    const { least, most } = options.throttledAnswerMs;
    return least + Math.floor(random.next() * (most - least));
  }

  /** A guesser goes on to another secret, a device comes with its own again: it has places of its own. */
  function holdIfRepeated(group: string, secret: string): Promise<void> | undefined {
    if (secret === '') return undefined;
    if (refusedSecrets.has(secret)) return repeated.hold(group, throttleMs());
    refusedSecrets.add(secret);
    return undefined;
  }

  /** Whether a throttled try may go on, after the wait that it is given. */
  async function wait(trier: Trier & { readonly proof?: ProofMark }, throttle: Throttled): Promise<boolean> {
    const { near } = addressBlocks(trier.address);
    if (throttle === 'refuse') {
      await throttled.hold(near, throttleMs());
      return false;
    }
    // Whoever says the same again and again takes one place.
    const secret = trier.proof?.hash ?? '';
    if (delayedSecrets.has(secret)) return false;
    const group = `${near}\n${trier.name}`;
    const turn = delayed.hold(group, throttleMs()) ?? holdIfRepeated(group, secret);
    if (!turn) return false;
    if (secret !== '') delayedSecrets.add(secret);
    await turn;
    delayedSecrets.delete(secret);
    return true;
  }

  /** Decides, and counts a failure. Whoever is let through begins in the same tick: else a thousand at once would be. */
  async function decideStranger(attempt: LoginTry, decide: Decide): Promise<Outcome> {
    // A name that did not fail of late does not wait behind all that did.
    const turn = { owner: addressBlocks(attempt.address).near, isSuspect: limiter.hasFailed(attempt) };
    const counted = limiter.begin(attempt);
    let outcome: Outcome | undefined;
    try {
      outcome = await decide(turn);
    } finally {
      if (outcome && isBadCredentials(outcome)) counted.failed(isGuess(outcome));
      else counted.over();
    }
    if (outcome.status === 'accepted') proofs.add(attempt.proof);
    return outcome;
  }

  async function decideKnown(attempt: LoginTry, decide: Decide): Promise<Outcome> {
    const outcome = await decide({ owner: addressBlocks(attempt.address).near, isSuspect: false });
    if (outcome.status === 'accepted') proofs.add(attempt.proof);
    if (isBadCredentials(outcome)) {
      proofs.forget(attempt.proof);
      limiter.failed(attempt);
    }
    return outcome;
  }

  async function lead(attempt: LoginTry, decide: Decide): Promise<Outcome> {
    const { hash } = attempt.proof;
    const outcome = decideStranger(attempt, decide);
    leaders.set(hash, outcome);
    return outcome.finally(() => leaders.delete(hash));
  }

  /** A peer that comes many times at once with one secret makes one try of it: they are refused together. */
  async function decideOnce(
    attempt: LoginTry,
    goesOn: (throttle: Throttle) => boolean,
    decide: Decide,
  ): Promise<Outcome | Throttled> {
    for (;;) {
      const leader = leaders.get(attempt.proof.hash);
      if (!leader) break;
      const outcome = await leader;
      if (outcome.status === 'refused') return outcome;
    }
    if (proofs.has(attempt.proof)) return decideKnown(attempt, decide);
    // Others may have failed while it waited for its turn.
    const throttle = limiter.throttle(attempt);
    return throttle === 'free' || goesOn(throttle) ? lead(attempt, decide) : (throttle satisfies Throttled);
  }

  /**
   * Only the address failed too often, or has more to compare than anybody waits for: whoever is right gets in, all others hear
   * what they hear who are throttled. One that is found right after that gets in when it comes again.
   */
  async function passSparely(attempt: LoginTry, inTurn: InTurn, decide: Decide): Promise<Outcome> {
    const { near } = addressBlocks(attempt.address);
    const decided = inTurn(false, async () => {
      const outcome = await decideOnce(attempt, (throttle) => throttle === 'spare', decide);
      return typeof outcome === 'object' ? outcome : refuse('throttled');
    });
    // Without a place among those that are throttled, as long as for any failure.
    const answerMs = throttleMs();
    const held = throttled.hold(near, answerMs) ?? failed.hold(near, failureAnswerMs);
    const answersAtOnce = answerMs === 0 || failureAnswerMs === 0;
    const late = Promise.all([held, answersAtOnce && decided]).then(() => refuse('throttled'));
    return Promise.race([
      decided.then((outcome): Outcome | Promise<Outcome> => (outcome.status === 'accepted' ? outcome : late)),
      late,
    ]);
  }

  /** As {@link LoginGate.pass}, but for when a failure is told. */
  async function passOpenly(
    isOverdue: boolean,
    ...[attempt, inTurn, decide]: Parameters<LoginGate['pass']>
  ): Promise<Outcome> {
    for (let mayGoOn = false; ;) {
      const isProved = proofs.has(attempt.proof);
      let throttle = isProved || mayGoOn ? 'free' : limiter.throttle(attempt);
      // Whether there is room to hide a failure must not depend on what it was.
      if (!isProved && !failed.hasRoom(addressBlocks(attempt.address).near)) return refuse('throttled');
      if (throttle === 'free' && (isProved || !isOverdue)) {
        let late: Throttled | undefined;
        const outcome = await inTurn(isProved, async () => {
          const decided = await decideOnce(attempt, () => mayGoOn, decide);
          if (typeof decided === 'object') return decided;
          late = decided;
          return refuse('throttled');
        });
        if (late === undefined) return outcome;
        throttle = late;
      }
      if (throttle === 'free' || throttle === 'spare') return passSparely(attempt, inTurn, decide);
      mayGoOn = await wait(attempt, throttle);
      if (!mayGoOn) return refuse('throttled');
    }
  }

  return {
    async pass(attempt, inTurn, decide) {
      const begunAt = clock.monotonic();
      const dueInMs = proofs.has(attempt.proof) ? 0 : debt.add(addressBlocks(attempt.address).near);
      const outcome = await passOpenly(dueInMs === undefined, attempt, inTurn, decide);
      if (!isBadCredentials(outcome) || failureAnswerMs === 0) return outcome;
      const elapsedMs = clock.monotonic() - begunAt;
      const steps = Math.max(1, Math.ceil(Math.max(elapsedMs, dueInMs ?? 0) / failureAnswerMs));
      await failed.hold(addressBlocks(attempt.address).near, steps * failureAnswerMs - elapsedMs);
      return outcome;
    },
    async mayName(trier) {
      const throttle = limiter.throttle(trier);
      if (throttle === 'free' || throttle === 'spare') return 'yes';
      // Of whom nobody knows a proof, nothing need be looked up. The peer is silent meanwhile: there is no answer to hold back.
      if (throttle === 'refuse') return proofs.knows(trier.name) ? 'proved-only' : 'no';
      return (await wait(trier, throttle)) ? 'yes' : 'no';
    },
    stop() {
      for (const held of [throttled, delayed, repeated, failed]) held.stop();
    },
  };
}

function isBadCredentials(outcome: Outcome): boolean {
  return outcome.status === 'refused' && outcome.refusal.reason === 'bad-credentials';
}
