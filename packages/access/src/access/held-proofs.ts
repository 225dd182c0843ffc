import { deviceKey, type DeviceRef } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import { createSideFacts } from '@rollcall/core/internal';
import { proofKey } from '../authentication/proof.ts';
import type { Standing } from '../authentication/reauthorize.ts';
import type { AccessEnd, HeldProof } from '../host-access.ts';
import type { AuthenticatedDevice } from '../authentication-result.ts';
import { keysOfDevice } from './recent-changes.ts';
import { createFiledSet } from './filed-set.ts';
import { isAmong, type OneOrMore, valuesOf, withoutValue, withValue } from './one-or-more.ts';

/** How late a secret may be found to have expired where the wall clock was set forward: timers do not know. */
const longestWaitMs = 60_000;

/** Whatever one secret of one device keeps open: they share a timer. */
export interface Kept {
  identity: AuthenticatedDevice;
  readonly key: string;
  /** What it is filed under: its device, and its proof, are the same as long as it is kept. */
  readonly filedUnder: readonly string[];
  holds: OneOrMore<Hold>;
  disarm(): void;
}

/** The same for all: most secrets are valid for ever. */
function nothingArmed(): void {}

/** One of the things that a secret keeps open. A class, and not functions: there is one for each request. */
export class Hold implements HeldProof {
  /** With whatever else the same secret keeps open. */
  readonly kept: Kept;
  readonly #proofs: HeldProofs;
  readonly #ended: (reason: AccessEnd) => void;
  /** See {@link HeldProof.isInDoubt}. */
  inDoubt = false;

  constructor(proofs: HeldProofs, kept: Kept, ended: (reason: AccessEnd) => void) {
    this.#proofs = proofs;
    this.kept = kept;
    this.#ended = ended;
  }

  isOver(): boolean {
    return !isAmong(this.kept.holds, this) || this.#proofs.isExpired(this.kept.identity);
  }

  isInDoubt(): boolean {
    return this.inDoubt;
  }

  release(): void {
    this.#proofs.release(this.kept, this);
  }

  /** Tells whoever holds it, once it is released. */
  tell(reason: AccessEnd): void {
    this.#ended(reason);
  }
}

export interface HeldProofsOptions {
  readonly clock: Clock;
  /** What the registry says of the device and its proof now. */
  standing(identity: AuthenticatedDevice): Promise<Standing>;
  failed(where: string, error: unknown): void;
  /** The registry could not say: it is to be asked again. */
  undecided(kept: Kept): void;
  /** The registry said, or there is nothing to ask about any more. */
  settled(kept: Kept): void;
  /** What the device had open because of a secret ends, since the registry says so. */
  revoked(device: DeviceRef): void;
}

/** What is open because of a secret, and is to end with it. */
export class HeldProofs {
  readonly #options: HeldProofsOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #filed = createFiledSet<Kept>();
  /** What nothing is open because of any more. With the next request of the device it is kept again: to make its keys costs more. */
  readonly #released = createSideFacts<AuthenticatedDevice, Kept>();
  #stopped = false;

  constructor(options: HeldProofsOptions) {
    this.#options = options;
  }

  hold(identity: AuthenticatedDevice, ended: (reason: AccessEnd) => void): Hold {
    const kept = this.#keep(identity);
    const hold = new Hold(this, kept, ended);
    kept.holds = withValue(kept.holds, hold);
    return hold;
  }

  release(kept: Kept, hold: Hold): void {
    if (!isAmong(kept.holds, hold)) return;
    kept.holds = withoutValue(kept.holds, hold);
    if (kept.holds === undefined) this.#drop(kept);
  }

  /**
   * Takes it from a later login until when the secret is valid: the registry may say otherwise now, and not tell that it changed.
   *
   * @returns whether that is another time than before: the registry is to be asked which one is right.
   */
  takeOver(identity: AuthenticatedDevice, kept: Kept): boolean {
    if (kept.identity.expiresAt === identity.expiresAt) return false;
    if (!this.isExpired(identity)) {
      kept.identity = identity;
      this.#arm(kept);
    }
    return true;
  }

  isExpired({ expiresAt }: AuthenticatedDevice): boolean {
    return expiresAt !== undefined && this.#options.clock.now() >= expiresAt;
  }

  /** Those that are filed under the key, see `keysOfDevice`; all where it is left out. */
  of(key?: string): Iterable<Kept> {
    return key === undefined ? this.#kept.values() : this.#filed.of(key);
  }

  /** Asks what the registry says of it, and ends what has no ground any more. */
  async review(each: Kept): Promise<void> {
    // It may have ended before its turn.
    if (this.#kept.get(each.key) !== each) return;
    // A hold that comes meanwhile may be in doubt because of a later change.
    const doubted = [...valuesOf(each.holds)].filter((hold) => hold.inDoubt);
    const standing = await this.#options.standing(each.identity);
    if (this.#kept.get(each.key) !== each) return;
    if (standing.status === 'refused' && standing.refusal.reason === 'unavailable')
      return this.#options.undecided(each);
    this.#options.settled(each);
    for (const hold of doubted) hold.inDoubt = false;
    if (standing.status === 'expired') this.#end(each, 'credentials-expired');
    else if (standing.status === 'accepted') {
      each.identity = standing.identity;
      this.#arm(each);
    } else {
      this.#options.revoked(each.identity.device);
      this.#end(each, 'access-revoked');
    }
  }

  /** No timer runs any more. */
  stop(): void {
    this.#stopped = true;
    for (const each of this.#kept.values()) each.disarm();
  }

  #keep(identity: AuthenticatedDevice): Kept {
    const before = this.#released.get(identity);
    const key = before?.key ?? keyOf(identity);
    const known = this.#kept.get(key);
    if (known) return known;
    const each: Kept = before ?? {
      identity,
      key,
      filedUnder: keysOfDevice(identity),
      holds: undefined,
      disarm: nothingArmed,
    };
    this.#kept.set(key, each);
    this.#filed.add(each, each.filedUnder);
    this.#arm(each);
    return each;
  }

  #arm(each: Kept): void {
    const { clock } = this.#options;
    each.disarm();
    const { expiresAt } = each.identity;
    if (this.#stopped || expiresAt === undefined) return;
    const ring = (): void => {
      // The wall clock may have been set back, and the wait may have been shorter.
      if (clock.now() < expiresAt) this.#arm(each);
      else this.#end(each, 'credentials-expired');
    };
    const waitMs = Math.min(Math.max(0, expiresAt - clock.now()), longestWaitMs);
    each.disarm = clock.at(later(clock.monotonic(), waitMs), ring);
  }

  #drop(each: Kept): void {
    each.disarm();
    this.#options.settled(each);
    if (this.#kept.get(each.key) === each) this.#kept.delete(each.key);
    this.#filed.delete(each, each.filedUnder);
    this.#released.set(each.identity, each);
  }

  #end(each: Kept, reason: AccessEnd): void {
    this.#drop(each);
    const holds = [...valuesOf(each.holds)];
    each.holds = undefined;
    for (const hold of holds)
      try {
        hold.tell(reason);
      } catch (error) {
        this.#options.failed('access', error);
      }
  }
}

function keyOf({ device, authId, expiresAt, proof }: AuthenticatedDevice): string {
  return `${deviceKey(device)}\n${proof ? proofKey(proof) : JSON.stringify([authId, expiresAt])}`;
}
