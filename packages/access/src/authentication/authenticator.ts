import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { StoredProofs } from '@rollcall/outbox/internal';
import { loginProblems, type AuthenticatedDevice, type RefusalReason } from '../authentication-result.ts';
import type { HostAccess } from '../host-access.ts';
import type { AccessObserver } from './access-observer.ts';
import type { AdmissionLimits } from './admission-queue.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { createFailureLimiter } from './failure-limiter.ts';
import { KeyLookups } from './key-lookups.ts';
import { loggableTenant, loggableUsername } from './loggable-username.ts';
import { LoginGate, type LoginGateOptions } from './login-gate.ts';
import { LogIn } from './log-in.ts';
import { boundedName } from './login-facts.ts';
import { createLoginTurns } from './login-turns.ts';
import { ProofMemory } from './proof-memory.ts';
import { reauthorize } from './reauthorize.ts';
import { createRefusalLog } from './refusal-log.ts';
import { refuse } from './refuse.ts';

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
  /**
   * Whether nothing changed of what was looked up for a device. With it, who comes again with the same password is not looked up again
   * until something did. Default: everybody is.
   */
  readonly isCurrent?: (identity: AuthenticatedDevice) => boolean;
  /** Whether a device that is remembered waits for its turn as others do, since a login is not all that follows. Default: no. */
  readonly rememberedTakeTurns?: boolean;
  /** Which secrets were proved before, as the journal knows. */
  readonly recovered?: StoredProofs | undefined;
  /** Called for each device that is refused. */
  readonly observer: AccessObserver;
}

/** Finds out who a device is. When many devices come at once, each waits for its turn. */
export interface Authenticator
  extends
    Pick<HostAccess, 'authenticate' | 'findPsk' | 'reauthorize' | 'refused' | 'proved'>,
    Pick<ProofMemory, 'stored' | 'takeChanges'> {
  /** A device of this tenant proved who it is: from now on the tenant has a turn of its own. */
  provedTenant(tenant: string): void;
  /** Devices that wait for their turn. */
  readonly waiting: number;
  /** Answers the peers that are made to wait for their refusal. */
  stop(): void;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, logins } = options;
  const limiter = createFailureLimiter({ clock, isShared: (address) => logins.isShared(address) });
  const proofs = new ProofMemory(options);
  const gate = new LoginGate({ ...options, ...logins, limiter, proofs });
  const turns = createLoginTurns(clock, options.admission);
  const keys = new KeyLookups({ ...options, gate, limiter, proofs, turns });
  const refusals = createRefusalLog(options);
  const logIn = new LogIn({ ...options, gate, proofs, turns, refusals });

  return {
    authenticate: (login) => logIn.authenticate(login),
    async findPsk(login) {
      const result = await keys.find(login);
      return result.status === 'found'
        ? result
        : refusals.refused(result, loggedOf(login.identity), login.remoteIp);
    },
    proved: (identity) => keys.proved(identity),
    async reauthorize(device) {
      const result = await reauthorize(device, options);
      return result.status === 'refused' ? refusals.refused(result, device.device) : result;
    },
    refused(cause, remoteIp, name = '') {
      const ownProblem = loginProblems.find((each) => each === cause);
      const reason = ownProblem ? 'bad-credentials' : (cause as RefusalReason);
      if (remoteIp !== undefined && reason === 'bad-credentials')
        keys.failed({ address: remoteIp, name: boundedName(name) });
      const problem = ownProblem ?? (name === '' ? undefined : 'wrong-secret');
      refusals.refused(refuse(reason, problem), name === '' ? {} : loggedOf(name), remoteIp);
    },
    provedTenant: (tenant) => turns.provedTenant(tenant),
    stored: () => proofs.stored(),
    takeChanges: () => proofs.takeChanges(),
    stop() {
      gate.stop();
      refusals.stop();
    },
    get waiting() {
      return turns.waiting;
    },
  };
}

/** The identity that a peer named in a handshake. */
function loggedOf(identity: string): object {
  return { identity: loggableUsername(identity), tenant: loggableTenant(identity) };
}
