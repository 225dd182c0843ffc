import type { Clock, Log, Random } from '@rollcall/core';
import {
  loginProblems,
  type AuthenticatedDevice,
  type AuthenticationResult,
  type RefusalReason,
} from '../authentication-result.ts';
import type { HostAccess } from '../host-access.ts';
import type { DeviceLogin, PskLogin, PskLookup } from '../login.ts';
import { createRefusalReport } from '../refusals/refusal-report.ts';
import type { AccessObserver } from './access-observer.ts';
import { createAdmissionQueue, type AdmissionLimits } from './admission-queue.ts';
import { authenticate } from './authenticate.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { createFailureLimiter, type Trier } from './failure-limiter.ts';
import { findPsk } from './find-psk.ts';
import { loggableTenant, loggableUsername } from './loggable-username.ts';
import { createHandedOutKeys } from './handed-out-keys.ts';
import { createLoginGate, type LoginGateOptions } from './login-gate.ts';
import { boundedName, readLogin, type LoginFacts } from './login-facts.ts';
import { createProofMemory, type ProofMemory } from './proof-memory.ts';
import type { ProofMark, StoredProofs } from '@rollcall/outbox/internal';
import { reauthorize } from './reauthorize.ts';
import { isGuess, refuse, type Refused } from './refuse.ts';
import { createTokenBuckets } from '@rollcall/runtime';
import { createTurns, strangers } from './turns.ts';

export interface LoginSettings {
  /** See `LoginGateOptions`. */
  readonly failureAnswerMs: number;
  readonly throttledAnswerMs: LoginGateOptions['throttledAnswerMs'];
  /** Whether many devices share the address, as behind a balancer that hides them. */
  isShared(address: string): boolean;
}

/** No address is shared. */
export const defaultLogins: LoginSettings = {
  failureAnswerMs: 300,
  throttledAnswerMs: { least: 1_000, most: 5_000 },
  isShared: () => false,
};

export interface AuthenticatorOptions extends Pick<
  AuthenticationContext,
  'registry' | 'passwords' | 'adapterType'
> {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly admission: AdmissionLimits;
  readonly logins: LoginSettings;
  /** Who proved what before, as the journal has it. */
  readonly recovered?: StoredProofs | undefined;
  /** Told of devices that are refused. */
  readonly observer: AccessObserver;
}

/** Who is this? Devices that come all at once wait for their turn. */
export interface Authenticator
  extends
    Pick<HostAccess, 'authenticate' | 'findPsk' | 'reauthorize' | 'refused' | 'proved'>,
    Pick<ProofMemory, 'stored' | 'takeChanges'> {
  /** A device of this tenant proved who it is: from now on the tenant has a turn of its own. */
  provedTenant(tenant: string): void;
  /** Devices that wait for their turn. */
  readonly waiting: number;
  /** Answers whoever is made to wait for its refusal. */
  stop(): void;
}

/** Lookups of keys that were proved before, while the name is throttled: whoever names such a device gets no more guesses. */
const provedLookups = { capacity: 50, refillPerSecond: 5, maxBuckets: 10_000 };

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, log, observer, logins } = options;
  const limiter = createFailureLimiter({ clock, isShared: (address) => logins.isShared(address) });
  const proofs = createProofMemory(options);
  const gate = createLoginGate({ ...options, ...logins, limiter, proofs });
  const lookups = createTokenBuckets(clock, provedLookups);
  /** An attack should show in the log, and not fill it. */
  const throttled = createRefusalReport({ clock, log }, 'logins that failed too often');
  let stopped = false;
  const turns = createTurns();
  const admission = createAdmissionQueue(clock, options.admission);
  /** What devices prove that were given a key. */
  const proofsOfKeys = new WeakMap<
    AuthenticatedDevice,
    { readonly proof: ProofMark; readonly trier: Trier }
  >();
  const handedOut = createHandedOutKeys();

  function provedTenant(tenant: string): void {
    if (turns.proved(tenant)) admission.regroup(strangers);
  }

  /** Runs `work` when it is the turn of whoever logs in. */
  async function inTurn<Result>(
    queueOf: () => string,
    work: () => Promise<Result>,
    gone: () => boolean,
  ): Promise<Result | Refused> {
    const admitted = await admission.admit(queueOf, work, gone);
    return admitted === 'busy' ? refuse('busy') : admitted;
  }

  /** Counts a refusal; the result has only what the device may learn. */
  function refused(
    result: Refused,
    facts: object,
    remoteIp?: string,
  ): Extract<AuthenticationResult, { status: 'refused' }> {
    const { refusal, problem, tenant } = result;
    observer.attempted({ outcome: refusal.reason, cause: problem ?? refusal.reason });
    if (refusal.reason === 'throttled' && remoteIp !== undefined && !stopped)
      throttled.refused(refusal.reason, remoteIp);
    log.debug(
      {
        ...facts,
        ...(tenant !== undefined && { tenant }),
        ...(remoteIp !== undefined && { remoteIp }),
        reason: refusal.reason,
        ...(problem !== undefined && { problem }),
      },
      'device refused',
    );
    return { status: 'refused', refusal };
  }

  async function logIn(login: DeviceLogin): Promise<AuthenticationResult> {
    const facts: LoginFacts = readLogin(login);
    const trier = { address: login.remoteIp, name: facts.name };
    const gone = (): boolean => login.gone?.() ?? false;
    const proof = proofs.of(trier, facts.kind, facts.secret);
    const result = await gate.pass(
      { ...trier, proof },
      (isProved, work) => inTurn(() => turns.queueOf(facts.queueName, isProved), work, gone),
      (turn) => authenticate(login, { ...options, turn }),
    );
    if (result.status === 'refused') return refused(result, facts.logged, login.remoteIp);
    provedTenant(result.identity.device.tenant);
    if (facts.issuer !== undefined) provedTenant(facts.issuer);
    return result;
  }

  async function lookUpPsk(login: PskLogin): Promise<PskLookup | Refused> {
    const trier = { address: login.remoteIp, name: boundedName(login.identity) };
    const may = await gate.mayName(trier);
    // Of many that came in this very tick, others may have been given a key by now.
    if (may === 'no' || (may === 'yes' && limiter.throttle(trier) === 'refuse')) return refuse('throttled');
    const counted = may === 'yes' ? limiter.begin(trier) : undefined;
    const found = await inTurn(
      () => turns.queueOf(login.identity, false),
      () => findPsk(login, options),
      () => login.gone?.() ?? false,
    );
    if (found.status === 'refused') {
      if (found.refusal.reason === 'bad-credentials')
        (counted ?? limiter.begin(trier)).failed(isGuess(found));
      else counted?.over();
      return found;
    }
    if (counted) handedOut.add(trier, counted);
    const candidates = found.candidates.filter(({ key, identity }) => {
      const proof = proofs.of(trier, 'key', key.export());
      proofsOfKeys.set(identity, { proof, trier });
      return may === 'yes' || proofs.has(proof);
    });
    if (may === 'yes') return { status: 'found', candidates };
    const bucket = `${trier.address}\n${trier.name}`;
    if (candidates.length === 0 || !lookups.has(bucket)) return refuse('throttled');
    lookups.take(bucket);
    return { status: 'found', candidates };
  }

  return {
    authenticate: logIn,
    async findPsk(login) {
      const result = await lookUpPsk(login);
      return result.status === 'found' ? result : refused(result, loggedOf(login.identity), login.remoteIp);
    },
    proved(identity) {
      const known = proofsOfKeys.get(identity);
      if (!known) return;
      proofs.add(known.proof);
      handedOut.take(known.trier)?.over();
    },
    async reauthorize(device) {
      const result = await reauthorize(device, options);
      return result.status === 'refused' ? refused(result, device.device) : result;
    },
    refused(cause, remoteIp, name = '') {
      const ownProblem = loginProblems.find((each) => each === cause);
      const reason = ownProblem ? 'bad-credentials' : (cause as RefusalReason);
      if (remoteIp !== undefined && reason === 'bad-credentials') {
        const trier = { address: remoteIp, name: boundedName(name) };
        (handedOut.take(trier) ?? limiter.begin(trier)).failed(true);
      }
      const problem = ownProblem ?? (name === '' ? undefined : 'wrong-secret');
      refused(refuse(reason, problem), name === '' ? {} : loggedOf(name), remoteIp);
    },
    provedTenant,
    stored: () => proofs.stored(),
    takeChanges: () => proofs.takeChanges(),
    stop() {
      stopped = true;
      gate.stop();
      throttled.stop();
    },
    get waiting() {
      return admission.waiting;
    },
  };
}

/** Whom a peer said to be in a handshake. */
function loggedOf(identity: string): object {
  return { identity: loggableUsername(identity), tenant: loggableTenant(identity) };
}
