import { createFailureLimiter, type Clock, type Log } from '@rollcall/core';
import type { AdapterHost, AuthenticationResult, DeviceLogin, RefusalReason } from '../protocol-adapter.ts';
import { createAdmissionQueue, type AdmissionLimits } from './admission-queue.ts';
import { authenticate } from './authenticate.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { findPsk } from './find-psk.ts';
import { loggableUsername } from './loggable-username.ts';
import { readPresentedCertificate } from './presented-certificate.ts';
import { reauthorize } from './reauthorize.ts';
import { refuse } from './refuse.ts';
import { createTurns, strangers } from './turns.ts';

export interface AuthenticatorOptions extends Pick<
  AuthenticationContext,
  'registry' | 'passwords' | 'adapterType'
> {
  readonly clock: Clock;
  readonly log: Log;
  readonly admission: AdmissionLimits;
  /** Whether a device holds a lease, by its user name. */
  isPresent(username: string): boolean;
  /** Counts a device that was refused. */
  onRefused(reason: RefusalReason): void;
}

/** Who is this? Devices that come all at once wait for their turn. */
export interface Authenticator extends Pick<
  AdapterHost,
  'authenticate' | 'findPsk' | 'reauthorize' | 'refused'
> {
  /** A device of this tenant proved who it is: from now on the tenant has a turn of its own. */
  proved(tenant: string): void;
  /** Devices that wait for their turn. */
  readonly waiting: number;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, log, onRefused } = options;
  const failures = createFailureLimiter(clock);
  const context: AuthenticationContext = { ...options, failures };
  const turns = createTurns((username) => options.isPresent(username));
  const admission = createAdmissionQueue(clock, options.admission);

  function proved(tenant: string): void {
    if (turns.proved(tenant)) admission.regroup(strangers);
  }

  /** Runs `work` when it is the turn of whoever logs in, and counts where it refuses. */
  async function inTurn<Result extends AuthenticationResult | { readonly status: 'found' }>(
    login: { readonly remoteIp: string; gone?(): boolean },
    { username, facts }: LoginName,
    work: () => Promise<Result>,
  ): Promise<Result | ReturnType<typeof refuse>> {
    const admitted = await admission.admit(
      () => turns.queueOf(username),
      work,
      () => login.gone?.() ?? false,
    );
    const result = admitted === 'busy' ? refuse('busy') : admitted;
    if (result.status === 'refused') {
      onRefused(result.refusal.reason);
      log.debug({ ...facts, remoteIp: login.remoteIp, reason: result.refusal.reason }, 'device refused');
    }
    return result;
  }

  return {
    async authenticate(login) {
      const name = nameOf(login);
      const result = await inTurn(login, name, () => authenticate(login, context));
      if (result.status === 'accepted') {
        proved(result.identity.device.tenant);
        if (name.issuer !== undefined) proved(name.issuer);
      }
      return result;
    },
    findPsk: (login) =>
      inTurn(login, { username: login.identity, facts: { identity: loggableUsername(login.identity) } }, () =>
        findPsk(login, context),
      ),
    async reauthorize(device) {
      const result = await reauthorize(device, context);
      if (result.status === 'refused') {
        onRefused(result.refusal.reason);
        log.debug({ ...device.device, reason: result.refusal.reason }, 'device refused');
      }
      return result;
    },
    refused(reason, remoteIp) {
      if (remoteIp !== undefined && reason === 'bad-credentials') failures.failed(remoteIp);
      onRefused(reason);
      log.debug({ reason, ...(remoteIp !== undefined && { remoteIp }) }, 'device refused');
    },
    proved,
    get waiting() {
      return admission.waiting;
    },
  };
}

interface LoginName {
  /** In whose queue it waits, see `createTurns`. */
  readonly username: string;
  /** What the log says of it. */
  readonly facts: object;
  readonly issuer?: string;
}

/** A certificate does not name a tenant: until that is looked up, its issuer stands for it. */
function nameOf(login: DeviceLogin): LoginName {
  if (!('certificate' in login))
    return { username: login.username, facts: { username: loggableUsername(login.username) } };
  const presented = readPresentedCertificate(login.certificate);
  if (!presented) return { username: '@', facts: {} };
  const { subjectDn: subject, issuerDn: issuer } = presented;
  return { username: `@${issuer}`, facts: { subject, issuer }, issuer };
}
