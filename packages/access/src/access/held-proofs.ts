import { deviceKey, later, type Clock, type DeviceRef } from '@rollcall/core';
import { proofKey } from '../authentication/proof.ts';
import type { Standing } from '../authentication/reauthorize.ts';
import type { AccessEnd, HeldProof } from '../host-access.ts';
import type { AuthenticatedDevice } from '../authentication-result.ts';
import { keysOfDevice } from './recent-changes.ts';
import { inTurns } from './in-turns.ts';
import { createFiledSet } from './filed-set.ts';

/** Whatever one secret of one device keeps open: they share a timer. */
interface Kept {
  identity: AuthenticatedDevice;
  readonly key: string;
  readonly ends: Set<(reason: AccessEnd) => void>;
  disarm(): void;
}

export interface HeldProofs {
  hold(identity: AuthenticatedDevice, ended: (reason: AccessEnd) => void): Omit<HeldProof, 'isInDoubt'>;
  /** Asks about those that are filed under the key, see `keysOfDevice`, one after the other; about all where it is left out. */
  review(key?: string): Promise<void>;
  /** Wakes nobody any more. */
  stop(): void;
}

export interface HeldProofsOptions {
  readonly clock: Clock;
  /** What the registry says of the device and its proof now. */
  standing(identity: AuthenticatedDevice): Promise<Standing>;
  failed(where: string, error: unknown): void;
  /** The registry could not say: it is to be asked again. */
  undecided(): void;
  /** What the device had open because of a secret ends, since the registry says so. */
  revoked(device: DeviceRef): void;
}

/** What is open because of a secret, and is to end with it. */
export function createHeldProofs(options: HeldProofsOptions): HeldProofs {
  const { clock } = options;
  const kept = new Map<string, Kept>();
  const filed = createFiledSet<Kept>();
  let stopped = false;

  function arm(each: Kept): void {
    each.disarm();
    const { expiresAt } = each.identity;
    if (stopped || expiresAt === undefined) return;
    const ring = (): void => {
      // The wall clock may have been set back.
      if (clock.now() < expiresAt) arm(each);
      else end(each, 'credentials-expired');
    };
    each.disarm = clock.at(later(clock.monotonic(), Math.max(0, expiresAt - clock.now())), ring);
  }

  function keep(identity: AuthenticatedDevice): Kept {
    const key = keyOf(identity);
    const known = kept.get(key);
    if (known) return known;
    const made: Kept = { identity, key, ends: new Set(), disarm() {} };
    kept.set(key, made);
    filed.add(made, keysOfDevice(identity));
    arm(made);
    return made;
  }

  function drop(each: Kept): void {
    each.disarm();
    if (kept.get(each.key) === each) kept.delete(each.key);
    filed.delete(each, keysOfDevice(each.identity));
  }

  function end(each: Kept, reason: AccessEnd): void {
    drop(each);
    const ends = [...each.ends];
    each.ends.clear();
    for (const ended of ends)
      try {
        ended(reason);
      } catch (error) {
        options.failed('access', error);
      }
  }

  async function reviewOne(each: Kept): Promise<void> {
    const standing = await options.standing(each.identity);
    // It may have ended meanwhile.
    if (kept.get(each.key) !== each) return;
    if (standing.status === 'expired') end(each, 'credentials-expired');
    else if (standing.status === 'accepted') {
      each.identity = standing.identity;
      arm(each);
    } else if (standing.refusal.reason === 'unavailable') options.undecided();
    else {
      options.revoked(each.identity.device);
      end(each, 'access-revoked');
    }
  }

  return {
    hold(identity, ended) {
      const each = keep(identity);
      const { ends } = each;
      // The same function may be handed in twice.
      const once = (reason: AccessEnd): void => ended(reason);
      ends.add(once);
      return {
        isOver: () => !ends.has(once) || clock.now() >= (each.identity.expiresAt ?? Infinity),
        release() {
          if (ends.delete(once) && ends.size === 0) drop(each);
        },
      };
    },
    review: (key) => inTurns(key === undefined ? kept.values() : filed.of(key), reviewOne),
    stop() {
      stopped = true;
      for (const each of kept.values()) each.disarm();
    },
  };
}

function keyOf({ device, authId, expiresAt, proof }: AuthenticatedDevice): string {
  return `${deviceKey(device)}\n${proof ? proofKey(proof) : JSON.stringify([authId, expiresAt])}`;
}
