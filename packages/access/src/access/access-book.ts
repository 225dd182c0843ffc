import type { Clock, CredentialsType, Log, RegistryChange } from '@rollcall/core';
import type { AuthenticationContext } from '../authentication/authentication-context.ts';
import { standingOf } from '../authentication/reauthorize.ts';
import { refuse } from '../authentication/refuse.ts';
import type { AccessEnd, HeldProof } from '../host-access.ts';
import type { AuthenticatedDevice, AuthenticationResult } from '../authentication-result.ts';
import type { PskLookup } from '../login.ts';
import { createFiledSet } from './filed-set.ts';
import { createHeldProofs } from './held-proofs.ts';
import { inTurns } from './in-turns.ts';
import { mayHoldLease } from './may-hold-lease.ts';
import { createRecentChanges, keyOfChange, keysOfDevice } from './recent-changes.ts';
import { createTellRevoked } from './tell-revoked.ts';

export interface AccessBookOptions extends Pick<AuthenticationContext, 'registry' | 'adapterType'> {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the credentials that let a device in; default: all. */
  readonly credentialsTypes?: readonly CredentialsType[];
  failed(where: string, error: unknown): void;
}

/** Who has access now, and because of what: it follows the registry, and ends what has no ground any more. */
export interface AccessBook {
  /**
   * Lets a device in with what is true when it is let in, and not with what was when it was looked up.
   *
   * @param again asks about the device anew.
   */
  letIn(
    authenticate: () => Promise<AuthenticationResult>,
    again: (identity: AuthenticatedDevice) => Promise<AuthenticationResult>,
  ): Promise<AuthenticationResult>;
  /** The same for keys: what changed since is noticed when one is held. */
  lookUp(find: () => Promise<PskLookup>): Promise<PskLookup>;
  /** Whether what was looked up for a device may have changed since. */
  mayBeOutdated(identity: AuthenticatedDevice): boolean;
  /** See `HostAccess.holdProof`. */
  holdProof(identity: AuthenticatedDevice, ended: (reason: AccessEnd) => void): HeldProof;
  /** `ended` is called once, when the device may hold its lease no more. The result releases it. */
  holdLease(identity: AuthenticatedDevice, ended: () => void): () => void;
  /** Asks the registry about everybody; where it could not say before, the registry is back. */
  review(): Promise<void>;
  /** The registry can be asked again. */
  registryIsBack(): void;
  stop(): void;
}

/** How often a device is looked up again because the registry changed meanwhile. */
const maxLookups = 5;

interface Lease {
  readonly identity: AuthenticatedDevice;
  ended(): void;
}

export function createAccessBook(options: AccessBookOptions): AccessBook {
  const { registry, clock, failed } = options;
  const tellRevoked = createTellRevoked(options.log);
  const changes = createRecentChanges();
  /** Changes before what is known of a device was looked up. */
  const knownSince = new WeakMap<AuthenticatedDevice, number>();
  const leases = createFiledSet<Lease>();
  const allLeases = new Set<Lease>();
  let isUndecided = false;
  let isStopped = false;
  /** Reviews take turns: what an earlier one was told must not be believed over what a later one was. */
  let latestReview: Promise<void> = Promise.resolve();

  const proofs = createHeldProofs({
    clock,
    failed,
    standing: (identity) => standingOf(identity, options),
    undecided: () => (isUndecided = true),
    revoked: tellRevoked,
  });

  async function reviewLease(lease: Lease): Promise<void> {
    const answer = await mayHoldLease(lease.identity, options, options.credentialsTypes);
    if (answer === 'unavailable') isUndecided = true;
    if (answer !== 'no' || !allLeases.has(lease)) return;
    tellRevoked(lease.identity.device);
    lease.ended();
  }

  /** Leases first: one that ends so must not run out because of a request that ends with it. */
  async function reviewAll(key?: string): Promise<void> {
    await inTurns(key === undefined ? allLeases : leases.of(key), async (lease) => {
      if (!isStopped) await reviewLease(lease);
    });
    if (!isStopped) await proofs.review(key);
  }

  function review(key?: string): Promise<void> {
    const before = latestReview;
    latestReview = tellRevoked
      .during(() => before.then(() => reviewAll(key)))
      .catch((error: unknown) => failed('access', error));
    return latestReview;
  }

  const unsubscribe = registry.onChange((change: RegistryChange) => {
    changes.add(change);
    void review(keyOfChange(change));
  });

  function mayBeOutdated(identity: AuthenticatedDevice): boolean {
    const since = knownSince.get(identity);
    return since !== undefined && changes.concern(identity, since);
  }

  return {
    async letIn(authenticate, again) {
      let since = changes.count;
      let result = await authenticate();
      for (let lookups = 1; result.status === 'accepted'; lookups++) {
        if (!changes.concern(result.identity, since)) {
          knownSince.set(result.identity, since);
          return result;
        }
        if (lookups === maxLookups) return refuse('busy');
        since = changes.count;
        result = await again(result.identity);
      }
      return result;
    },
    async lookUp(find) {
      const since = changes.count;
      const found = await find();
      if (found.status === 'found')
        for (const { identity } of found.candidates) knownSince.set(identity, since);
      return found;
    },
    mayBeOutdated,
    holdProof(identity, ended) {
      const held = proofs.hold(identity, ended);
      // E.g. a handshake that took its time.
      let inDoubt = mayBeOutdated(identity);
      if (inDoubt) void review(keysOfDevice(identity)[1]).then(() => (inDoubt = false));
      return { ...held, isInDoubt: () => inDoubt };
    },
    holdLease(identity, ended) {
      const lease: Lease = { identity, ended };
      // Whichever credentials it has: a device may prove others next time.
      const { proof: _, ...anyProof } = identity;
      const keys = keysOfDevice(anyProof);
      allLeases.add(lease);
      leases.add(lease, keys);
      return () => {
        allLeases.delete(lease);
        leases.delete(lease, keys);
      };
    },
    review: () => review(),
    registryIsBack() {
      if (!isUndecided) return;
      isUndecided = false;
      void review();
    },
    stop() {
      isStopped = true;
      unsubscribe();
      proofs.stop();
    },
  };
}
