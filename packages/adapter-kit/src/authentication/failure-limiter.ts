import { addressBlocks, type Clock } from '@rollcall/core';
import { createTokenBuckets } from './token-buckets.ts';

/** Who tries: an IP address, and the name under which it says it is known. */
export interface Trier {
  readonly address: string;
  /** As long as the caller lets it be. */
  readonly name: string;
}

/**
 * - `free`: go on.
 * - `refuse`: too many failures; do not look at what it presents.
 * - `delay`: as `refuse`, but from an address that many share: let it wait, and look then.
 */
export type Throttle = 'free' | 'refuse' | 'delay';

/** A try that is under way. Call one of them, once. */
interface Attempt {
  /** What was presented was wrong. */
  failed(): void;
  /** It was right, or nobody found out: nothing is held against it. */
  over(): void;
}

/** Limits failed logins of every kind, see {@link createFailureLimiter}. */
export interface FailureLimiter {
  throttle(trier: Trier): Throttle;
  /** Begins a try: until it is over it counts as failed, so that a thousand at once are no way around the limit. */
  begin(trier: Trier): Attempt;
  /** As {@link begin} and {@link Attempt.failed}. */
  failed(trier: Trier): void;
}

export interface FailureLimiterOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Whether many devices share the address, as behind a balancer that hides them. */
  isShared(address: string): boolean;
}

/** Failures of one name at one address: whoever guesses has about 9,000 tries a day. */
const perName = { capacity: 10, refillPerSecond: 0.1, maxBuckets: 20_000 };
/** Failures of one address (IPv4, or IPv6 /64), whatever the names: a NAT has many devices, and some of them are set up wrong. */
const perAddress = { capacity: 1_000, refillPerSecond: 60, maxBuckets: 10_000 };
/** Failures of an IPv6 /48, whose owner has 65,536 of the above. */
const perNetwork = { capacity: 5_000, refillPerSecond: 300, maxBuckets: 10_000 };

/**
 * Failures are limited strictly for each name at an address, and generously for the address. A throttled try is not counted
 * again: an attack on one name leaves room for the other names behind the same address. Where many share an address it has no
 * limit of its own, and nobody is refused by name: a stranger there could lock a device out by naming it.
 */
export function createFailureLimiter({ clock, isShared }: FailureLimiterOptions): FailureLimiter {
  const names = createTokenBuckets(clock, perName);
  const addresses = createTokenBuckets(clock, perAddress);
  const networks = createTokenBuckets(clock, perNetwork);

  function keysOf({ address, name }: Trier): { name: string; near: string; wide: string | undefined } {
    const { near, wide } = addressBlocks(address);
    return { name: `${near}\n${name}`, near, wide: wide.includes(':') ? wide : undefined };
  }

  function countAgainstAddress(address: string, { near, wide }: ReturnType<typeof keysOf>): void {
    if (isShared(address)) return;
    addresses.take(near);
    if (wide !== undefined) networks.take(wide);
  }

  function begin(trier: Trier): Attempt {
    const keys = keysOf(trier);
    names.take(keys.name);
    return {
      failed: () => countAgainstAddress(trier.address, keys),
      over: () => names.giveBack(keys.name),
    };
  }

  return {
    throttle(trier) {
      const { name, near, wide } = keysOf(trier);
      const shared = isShared(trier.address);
      if (!names.has(name)) return shared ? 'delay' : 'refuse';
      if (shared) return 'free';
      return addresses.has(near) && (wide === undefined || networks.has(wide)) ? 'free' : 'refuse';
    },
    begin,
    failed: (trier) => begin(trier).failed(),
  };
}
