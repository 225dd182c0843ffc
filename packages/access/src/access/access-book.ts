import type { Clock, Log } from '@rollcall/core/environment';
import { createSideFacts } from '@rollcall/core/internal';
import type { CredentialsType, DeviceRegistry, RegistryChange } from '@rollcall/core/registry';
import type { AuthenticationContext } from '../authentication/authentication-context.ts';
import { standingOf, type Standing } from '../authentication/reauthorize.ts';
import { refuse } from '../authentication/refuse.ts';
import type { AccessEnd, HeldProof } from '../host-access.ts';
import type { AuthenticatedDevice, AuthenticationResult } from '../authentication-result.ts';
import type { PskLookup } from '../login.ts';
import { createFiledSet } from './filed-set.ts';
import { HeldProofs, type Kept } from './held-proofs.ts';
import { mayHoldLease } from './may-hold-lease.ts';
import { noteDoubts } from './note-doubts.ts';
import {
  createRecentChanges,
  keyOfChange,
  keysOfDevice,
  keysOfLease,
  leaseKeyOfChange,
} from './recent-changes.ts';
import { ReviewTurns } from './review-turns.ts';
import { createTellRevoked } from './tell-revoked.ts';
import { Undecided } from './undecided.ts';

interface AccessBookOptions extends Pick<AuthenticationContext, 'registry' | 'adapterType'> {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the credentials that let a device in; default: all. */
  readonly credentialsTypes?: readonly CredentialsType[];
  failed(where: string, error: unknown): void;
}

/** How often a device is looked up again because the registry changed meanwhile. */
const maxLookups = 5;

interface Lease {
  readonly identity: AuthenticatedDevice;
  ended(): void;
}

/** What is reviewed. */
interface Reviewed {
  readonly leases: Iterable<Lease>;
  readonly proofs: Iterable<Kept>;
}

/** Knows who has access now, and by which secret. It follows the registry, and ends access that is not allowed any more. */
export class AccessBook {
  /** The registry, for those who let devices in: whom it knows only from before is asked about again. */
  readonly registry: DeviceRegistry;
  readonly #options: AccessBookOptions;
  readonly #tellRevoked;
  readonly #changes = createRecentChanges();
  /** Changes before what is known of a device was looked up. */
  readonly #knownSince = createSideFacts<AuthenticatedDevice, number>();
  /** Answers that may have been true only before. */
  #doubts = 0;
  /** Who was let in while there was such an answer: on it, or beside it. */
  readonly #doubted = createSideFacts<AuthenticatedDevice, true>();
  readonly #leases = createFiledSet<Lease>();
  readonly #allLeases = new Set<Lease>();
  readonly #proofs: HeldProofs;
  readonly #unsubscribe: () => void;
  /** The registry could not say whether they still may be there. */
  readonly #undecided: Undecided<Lease | Kept>;
  /** Reviews of everything: the one under way, and the one after it. */
  #reviewing: Promise<void> | undefined;
  #reviewingNext: Promise<void> | undefined;
  #isStopped = false;
  readonly #turns: ReviewTurns;

  constructor(options: AccessBookOptions) {
    const { registry, clock, log, failed } = options;
    this.#options = options;
    this.registry = noteDoubts(registry, () => (this.#doubts += 1));
    this.#tellRevoked = createTellRevoked(log);
    this.#turns = new ReviewTurns((error) => failed('access', error));
    this.#undecided = new Undecided(clock, (items) =>
      this.#review(() => ({
        leases: items.filter((each) => 'ended' in each),
        proofs: items.filter((each) => 'holds' in each),
      })),
    );
    this.#proofs = new HeldProofs({
      clock,
      failed,
      standing: (identity) => this.#standingOf(identity),
      undecided: (kept) => this.#undecided.add(kept),
      settled: (kept) => this.#undecided.delete(kept),
      revoked: this.#tellRevoked,
    });
    this.#unsubscribe = registry.onChange((change: RegistryChange) => {
      this.#changes.add(change);
      const key = keyOfChange(change);
      void (key === undefined ? this.review() : this.#reviewOf(key, leaseKeyOfChange(change)));
    });
  }

  /**
   * Lets a device in with what is true when it is let in, and not with what was when it was looked up.
   *
   * @param authenticate asks {@link registry}.
   * @param again asks it about the device again.
   */
  letIn(
    authenticate: () => AuthenticationResult | Promise<AuthenticationResult>,
    again: (identity: AuthenticatedDevice) => Promise<AuthenticationResult>,
  ): AuthenticationResult | Promise<AuthenticationResult> {
    const since = this.#changes.count;
    const doubts = this.#doubts;
    const result = authenticate();
    if (result instanceof Promise) return this.#letInLater(result, since, doubts, again);
    // Nothing can have changed meanwhile.
    if (result.status === 'accepted') this.#knownSince.set(result.identity, since);
    return result;
  }

  async #letInLater(
    authenticated: Promise<AuthenticationResult>,
    begun: number,
    begunWith: number,
    again: (identity: AuthenticatedDevice) => Promise<AuthenticationResult>,
  ): Promise<AuthenticationResult> {
    let since = begun;
    let doubts = begunWith;
    let result = await authenticated;
    for (let lookups = 1; result.status === 'accepted'; lookups++) {
      if (!this.#changes.concern(result.identity, since)) {
        this.#know(result.identity, since, doubts);
        return result;
      }
      if (lookups === maxLookups) return refuse('busy');
      since = this.#changes.count;
      doubts = this.#doubts;
      result = await again(result.identity);
    }
    return result;
  }

  /** The same for keys: what changed since is noticed when one is held. */
  async lookUp(find: () => Promise<PskLookup>): Promise<PskLookup> {
    const since = this.#changes.count;
    const doubts = this.#doubts;
    const found = await find();
    if (found.status === 'found')
      for (const { identity } of found.candidates) this.#know(identity, since, doubts);
    return found;
  }

  /** @param doubts before it was looked up. */
  #know(identity: AuthenticatedDevice, since: number, doubts: number): void {
    this.#knownSince.set(identity, since);
    if (doubts !== this.#doubts) this.#doubted.set(identity, true);
  }

  /** Whether the registry would say of a device that was let in what it said then. */
  isCurrent(identity: AuthenticatedDevice): boolean {
    const since = this.#knownSince.get(identity);
    if (this.#options.registry.tellsEveryChange !== true || since === undefined) return false;
    return this.#doubted.get(identity) !== true && !this.#changes.concern(identity, since);
  }

  /** Whether what was looked up for a device may have changed since. */
  mayBeOutdated(identity: AuthenticatedDevice): boolean {
    const since = this.#knownSince.get(identity);
    return since !== undefined && this.#changes.concern(identity, since);
  }

  /** See `HostAccess.holdProof`. */
  holdProof(identity: AuthenticatedDevice, ended: (reason: AccessEnd) => void): HeldProof {
    const held = this.#proofs.hold(identity, ended);
    // E.g. a handshake that took its time.
    held.inDoubt = this.mayBeOutdated(identity);
    if (held.inDoubt) void this.#reviewOf(keysOfDevice(identity)[1]);
    else if (this.#proofs.takeOver(identity, held.kept))
      void this.#review(() => ({ leases: [], proofs: [held.kept] }));
    if (this.#doubted.get(identity)) this.#undecided.join(held.kept);
    return held;
  }

  /** `ended` is called once, when the device may hold its lease no more. The result releases it. */
  holdLease(identity: AuthenticatedDevice, ended: () => void): () => void {
    const lease: Lease = { identity, ended };
    this.#allLeases.add(lease);
    this.#leases.add(lease, keysOfLease(identity));
    if (this.#doubted.get(identity)) this.#undecided.join(lease);
    // E.g. a fleet that took its time to say who holds the lease.
    if (this.mayBeOutdated(identity)) void this.#review(() => ({ leases: [lease], proofs: [] }));
    return () => {
      this.#allLeases.delete(lease);
      this.#undecided.delete(lease);
      // Made again: to keep them would be a tenth of what a lease takes.
      this.#leases.delete(lease, keysOfLease(identity));
    };
  }

  /** Asks the registry about every device. Whoever wants that while it is under way waits for the next time, with all others. */
  review(): Promise<void> {
    if (this.#reviewing)
      return (this.#reviewingNext ??= this.#reviewing.then(() => {
        this.#reviewingNext = undefined;
        return this.review();
      }));
    this.#reviewing = this.#reviewOf().finally(() => {
      this.#reviewing = undefined;
    });
    return this.#reviewing;
  }

  /** The registry can be asked again: of whom it could not say anything, it is asked at once. */
  registryIsBack(): void {
    this.#undecided.reviewNow();
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#undecided.stop();
    this.#proofs.stop();
  }

  /** @param leaseKey of leases, where it is another one. */
  #reviewOf(key?: string, leaseKey = key): Promise<void> {
    return this.#review(() => ({
      leases: leaseKey === undefined ? this.#allLeases : this.#leases.of(leaseKey),
      proofs: this.#proofs.of(key),
    }));
  }

  #review(which: () => Reviewed): Promise<void> {
    return this.#tellRevoked.during(() => this.#reviewAll(which));
  }

  /** Leases first: one that ends so must not run out because of a request that ends with it. */
  async #reviewAll(which: () => Reviewed): Promise<void> {
    await this.#turns.each(
      () => which().leases,
      async (lease) => {
        if (!this.#isStopped) await this.#reviewLease(lease);
      },
    );
    await this.#turns.each(
      () => which().proofs,
      async (kept) => {
        if (!this.#isStopped) await this.#proofs.review(kept);
      },
    );
  }

  /** What the registry knew before does not say that a device may stay. */
  async #standingOf(identity: AuthenticatedDevice): Promise<Standing> {
    let isDoubtful = false;
    const registry = noteDoubts(this.#options.registry, () => (isDoubtful = true));
    const standing = await standingOf(identity, { ...this.#options, registry });
    return isDoubtful && standing.status === 'accepted' ? refuse('unavailable') : standing;
  }

  async #mayHoldLease({ identity }: Lease): ReturnType<typeof mayHoldLease> {
    const { credentialsTypes } = this.#options;
    let isDoubtful = false;
    const registry = noteDoubts(this.#options.registry, () => (isDoubtful = true));
    const answer = await mayHoldLease(identity, { ...this.#options, registry }, credentialsTypes);
    return isDoubtful && answer === 'yes' ? 'unavailable' : answer;
  }

  #leasesOf(identity: AuthenticatedDevice): Iterable<Lease> {
    const [, ofDevice = ''] = keysOfLease(identity);
    return this.#leases.of(ofDevice);
  }

  async #reviewLease(lease: Lease): Promise<void> {
    const answer = await this.#mayHoldLease(lease);
    if (!this.#allLeases.has(lease)) {
      // Its device may have another one by now, e.g. since another adapter holds it.
      if (answer !== 'yes') void this.#review(() => ({ leases: this.#leasesOf(lease.identity), proofs: [] }));
      return;
    }
    if (answer === 'unavailable') return this.#undecided.add(lease);
    this.#undecided.delete(lease);
    if (answer === 'yes') return;
    this.#tellRevoked(lease.identity.device);
    lease.ended();
  }
}
