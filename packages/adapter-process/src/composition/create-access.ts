import type { PasswordVerifier } from '@rollcall/core/registry';
import type { AuthenticatedDevice, AuthenticationResult, HostAccess } from '@rollcall/access';
import { createAuthenticator, type Authenticator, refuse, type Refused } from '@rollcall/access/internal';
import { neverRejects, type ResourceStack } from '@rollcall/runtime';
import type { AdapterContext } from './adapter-context.ts';
import type { FollowedRegistry } from './follow-registry.ts';
import type { Delivery } from './open-delivery.ts';
import type { OwnPlaces } from './own-places.ts';
import type { TakenUp } from './take-up-journal.ts';

/** Makes the part that decides which devices may connect. */
export interface Access {
  readonly authenticator: Authenticator;
  readonly host: Omit<HostAccess, 'admit'>;
}

interface AccessParts {
  readonly passwords: PasswordVerifier;
  readonly followed: FollowedRegistry;
  readonly delivery: Delivery;
  readonly takenUp: TakenUp;
  readonly places: OwnPlaces;
}

export function createAccess(
  { adapter, clock, random, log, settings, observer, failed }: AdapterContext,
  { passwords, followed: { access }, delivery, takenUp, places }: AccessParts,
  resources: ResourceStack,
): Access {
  const authenticator = createAuthenticator({
    registry: access.registry,
    passwords,
    clock,
    random,
    log,
    observer,
    adapterType: adapter.type,
    admission: settings.admission,
    logins: settings.logins,
    recovered: delivery.recovered.proofs,
    isCurrent: (device) => access.isCurrent(device),
    // A session follows: in a storm of connects those that are connected are served between two turns.
    rememberedTakeTurns: adapter.presence !== 'lease',
  });
  resources.defer(() => authenticator.stop());
  observer.watch('authentication', { waiting: () => authenticator.waiting });
  // Without this, tenants with open leases lose their priority after a restart.
  for (const tenant of takenUp.tenants) authenticator.provedTenant(tenant);

  const unavailable = (error: unknown): Refused => {
    failed('authentication', error);
    observer.attempted({ outcome: 'unavailable' });
    return refuse('unavailable');
  };
  function placed(result: AuthenticationResult): AuthenticationResult | Promise<AuthenticationResult> {
    const isLease = result.status === 'accepted' && adapter.presence === 'lease';
    const looked = isLease ? places.lookFor(result.identity) : undefined;
    return looked ? looked.then(() => result) : result;
  }
  const again = (device: AuthenticatedDevice): Promise<AuthenticationResult> =>
    authenticator.reauthorize(device);
  /** Nothing that a device waits for would take a dozen turns of promises, a thirtieth of what a request costs. */
  function letIn(
    work: () => AuthenticationResult | Promise<AuthenticationResult>,
  ): AuthenticationResult | Promise<AuthenticationResult> {
    try {
      const result = access.letIn(work, again);
      const settled = result instanceof Promise ? result.then(placed) : placed(result);
      return settled instanceof Promise ? settled.catch(unavailable) : settled;
    } catch (error) {
      return unavailable(error);
    }
  }
  return {
    authenticator,
    host: {
      authenticate: (login) => letIn(() => authenticator.authenticate(login)),
      findPsk: (login) => neverRejects(() => access.lookUp(() => authenticator.findPsk(login)), unavailable),
      reauthorize: async (device) => letIn(() => authenticator.reauthorize(device)),
      isOutdated: (device) => access.mayBeOutdated(device),
      holdProof: (device, ended) => access.holdProof(device, ended),
      isShared: (remoteIp) => settings.logins.isShared(remoteIp),
      refused: (cause, remoteIp, name) => authenticator.refused(cause, remoteIp, name),
      proved: (device) => authenticator.proved(device),
      beforeAdmit: (identity, slot) => places.lookFor(identity, slot),
    },
  };
}
