import { createTokenBuckets } from '@rollcall/runtime';
import type { Clock } from '@rollcall/core/environment';
import { createSideFacts } from '@rollcall/core/internal';
import type { ProofMark } from '@rollcall/outbox/internal';
import type { AuthenticatedDevice } from '../authentication-result.ts';
import type { PskLogin, PskLookup } from '../login.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import type { FailureLimiter, Trier } from './failure-limiter.ts';
import { findPsk } from './find-psk.ts';
import { createHandedOutKeys } from './handed-out-keys.ts';
import { boundedName } from './login-facts.ts';
import type { LoginGate } from './login-gate.ts';
import type { LoginTurns } from './login-turns.ts';
import type { ProofMemory } from './proof-memory.ts';
import { queuedTenant } from './turns.ts';
import { isGuess, refuse, type Refused } from './refuse.ts';

interface KeyLookupsOptions extends AuthenticationContext {
  readonly clock: Clock;
  readonly gate: LoginGate;
  readonly limiter: FailureLimiter;
  readonly proofs: ProofMemory;
  readonly turns: LoginTurns;
}

/** Lookups of keys that were proved before, while the name is throttled: a client that names such a device gets no more guesses. */
const provedLookups = { capacity: 50, refillPerSecond: 5, maxBuckets: 10_000 };

/** Looks up keys that are proved in a handshake. Its caller reports later whether that succeeded. */
export class KeyLookups {
  readonly #options: KeyLookupsOptions;
  readonly #ofProved;
  readonly #handedOut = createHandedOutKeys();
  /** What devices prove that were given a key. */
  readonly #proofs = createSideFacts<
    AuthenticatedDevice,
    { readonly proof: ProofMark; readonly trier: Trier }
  >();

  constructor(options: KeyLookupsOptions) {
    this.#options = options;
    this.#ofProved = createTokenBuckets(options.clock, provedLookups);
  }

  /** See `HostAccess.findPsk`. */
  async find(login: PskLogin): Promise<PskLookup | Refused> {
    const { gate, limiter, proofs, turns } = this.#options;
    const trier = { address: login.remoteIp, name: boundedName(login.identity) };
    const may = await gate.mayName(trier);
    // When many came in the same tick, others may have got a key meanwhile.
    if (may === 'no' || (may === 'yes' && limiter.throttle(trier) === 'refuse')) return refuse('throttled');
    const counted = may === 'yes' ? limiter.begin(trier) : undefined;
    const found = await turns.inTurn(
      login.identity,
      false,
      () => findPsk(login, this.#options),
      () => login.gone?.() ?? false,
    );
    if (found.status === 'refused') {
      if (found.refusal.reason === 'bad-credentials')
        (counted ?? limiter.begin(trier)).failed(isGuess(found));
      else counted?.over();
      return found;
    }
    if (counted) this.#handedOut.add(trier, counted);
    const candidates = found.candidates.filter(({ key, identity }) => {
      const proof = proofs.of(trier, 'key', key.export());
      this.#proofs.set(identity, { proof, trier });
      return may === 'yes' || proofs.has(proof);
    });
    if (may === 'yes') return { status: 'found', candidates };
    return candidates.length > 0 && this.#takeLookup(trier)
      ? { status: 'found', candidates }
      : refuse('throttled');
  }

  /** See `HostAccess.proved`. */
  proved(identity: AuthenticatedDevice): void {
    const known = this.#proofs.get(identity);
    if (!known) return;
    this.#options.proofs.add(known.proof);
    this.#options.turns.provedTenant(queuedTenant(known.trier.name));
    this.#handedOut.take(known.trier)?.over();
  }

  /** The client failed to prove that it has this name. */
  failed(trier: Trier): void {
    (this.#handedOut.take(trier) ?? this.#options.limiter.begin(trier)).failed(true);
  }

  /** Whether this address may look up one more key that was proved, although the name is throttled. */
  #takeLookup({ address, name }: Trier): boolean {
    const bucket = `${address}\n${name}`;
    if (!this.#ofProved.has(bucket)) return false;
    this.#ofProved.take(bucket);
    return true;
  }
}
