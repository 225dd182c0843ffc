import type { ProofMark } from '@rollcall/outbox/internal';
import type { AuthenticationResult } from '../authentication-result.ts';
import type { DeviceLogin } from '../login.ts';
import { authenticate } from './authenticate.ts';
import type { AuthenticatorOptions } from './authenticator.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { type LoginFacts, readLogin } from './login-facts.ts';
import type { LoginGate } from './login-gate.ts';
import type { LoginTurns } from './login-turns.ts';
import type { ProofMemory } from './proof-memory.ts';
import { type Accepted, createRecentLogins, type RecentLogins } from './recent-logins.ts';
import type { RefusalLog } from './refusal-log.ts';
import type { Refused } from './refuse.ts';
import { queuedTenant } from './turns.ts';

export interface LogInParts
  extends
    Omit<AuthenticationContext, 'turn'>,
    Pick<AuthenticatorOptions, 'isCurrent' | 'rememberedTakeTurns'> {
  readonly gate: LoginGate;
  readonly proofs: ProofMemory;
  readonly turns: LoginTurns;
  readonly refusals: RefusalLog;
}

/** Lets devices in by what they present: who is remembered at once, others when their turn comes. */
export class LogIn {
  readonly #parts: LogInParts;
  readonly #recent: RecentLogins | undefined;

  constructor(parts: LogInParts) {
    const { clock, isCurrent } = parts;
    this.#parts = parts;
    this.#recent = isCurrent && createRecentLogins({ clock, isCurrent });
  }

  /** See `HostAccess.authenticate`. */
  authenticate(login: DeviceLogin): AuthenticationResult | Promise<AuthenticationResult> {
    const facts = readLogin(login);
    const trier = { address: login.remoteIp, name: facts.name };
    const proof = this.#parts.proofs.of(trier, facts.kind, facts.secret);
    const key = facts.kind === 'password' ? keyOfLogin(proof.hash, login.clientContext) : undefined;
    const known = key === undefined ? undefined : this.#recent?.find(key);
    return known ? this.#again(login, facts, proof, known) : this.#decide(login, facts, proof, key);
  }

  #again(
    login: DeviceLogin,
    { queueName, logged }: LoginFacts,
    proof: ProofMark,
    known: Accepted,
  ): AuthenticationResult | Promise<AuthenticationResult> {
    const { rememberedTakeTurns = false, turns, refusals, proofs } = this.#parts;
    const admit = (refused?: Refused): AuthenticationResult => {
      if (refused) return refusals.refused(refused, logged(), login.remoteIp);
      proofs.add(proof);
      return known;
    };
    const turn = rememberedTakeTurns ? turns.takeTurn(queueName, () => isGone(login)) : undefined;
    return turn ? turn.then(admit) : admit();
  }

  /** @param key by which it is remembered; `undefined`: it is not. */
  async #decide(
    login: DeviceLogin,
    { name, queueName, presented, logged }: LoginFacts,
    proof: ProofMark,
    key: string | undefined,
  ): Promise<AuthenticationResult> {
    const { gate, turns, refusals } = this.#parts;
    const result = await gate.pass(
      { address: login.remoteIp, name, proof },
      (isProved, work) => turns.inTurn(queueName, isProved, work, () => isGone(login)),
      (turn) => authenticate(login, { ...this.#parts, turn }, presented),
    );
    if (result.status === 'refused') return refusals.refused(result, logged(), login.remoteIp);
    if (key !== undefined) this.#recent?.add(key, result);
    turns.provedTenant(result.identity.device.tenant);
    // By what the login called it: an alias, or the issuer of a certificate.
    turns.provedTenant(queuedTenant(queueName));
    return result;
  }
}

/** What it says of itself beside is not among what it proved, and a registry may answer by that, too. */
function keyOfLogin(proved: string, context: DeviceLogin['clientContext']): string {
  return context ? `${proved}\n${JSON.stringify(context)}` : proved;
}

function isGone(login: DeviceLogin): boolean {
  return login.gone?.() ?? false;
}
