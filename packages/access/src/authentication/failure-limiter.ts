import type { Clock } from '@rollcall/core/environment';
import { addressBlocks } from '@rollcall/core/sharing';
import { createTokenBuckets } from '@rollcall/runtime';

/** Who tries to log in: an IP address, and the name that the login has. */
export interface Trier {
  readonly address: string;
  /** As long as the caller lets it be. */
  readonly name: string;
}

/**
 * - `free`: go on.
 * - `refuse`: too many failures; do not look at what it presents.
 * - `delay`: as `refuse`, but from an address that many share: let it wait, and look then.
 * - `spare`: the name may still be tried, but its address failed too often: look, and tell the result only to a device whose secret is right.
 */
export type Throttle = 'free' | 'refuse' | 'delay' | 'spare';

/** A try that is under way. Call one of them, once. */
interface Attempt {
  /** What was presented was wrong; `isGuess` where the name exists. */
  failed(isGuess: boolean): void;
  /** It was right, or was not looked at: it does not count as a failure. */
  over(): void;
}

/** Limits failed logins of every kind, see {@link createFailureLimiter}. */
export interface FailureLimiter {
  throttle(trier: Trier): Throttle;
  /** Begins a try: until it is over it counts as failed, so that a thousand at once are no way around the limit. */
  begin(trier: Trier): Attempt;
  /** As {@link begin} and {@link Attempt.failed}. */
  failed(trier: Trier): void;
  /** Whether this name failed at this address recently. */
  hasFailed(trier: Trier): boolean;
}

export interface FailureLimiterOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Whether many devices share the address, as behind a balancer that hides them. */
  isShared(address: string): boolean;
}

/** Failures of one name at one address: a guesser has about 9,000 tries a day. */
const perName = { capacity: 10, refillPerSecond: 0.1, maxBuckets: 20_000 };
/** Failures of one address (IPv4, or IPv6 /64), with any name: many devices may be behind one NAT, and some may have a wrong password. */
const perAddress = { capacity: 1_000, refillPerSecond: 60, maxBuckets: 10_000 };
/** Failures of an IPv6 /48, whose owner has 65,536 of the above. */
const perNetwork = { capacity: 5_000, refillPerSecond: 300, maxBuckets: 10_000 };
/**
 * Wrong secrets of names that exist, beyond that: a flood of invented names uses up what an address has, and nothing of this. In
 * all of an IPv6 /48.
 */
const spareGuesses = { capacity: 200, refillPerSecond: 20, maxBuckets: 10_000 };

/**
 * Failures are limited strictly for each name at an address, and generously for the address. A throttled try is not counted
 * again: an attack on one name leaves room for the other names behind the same address. Where many share an address it has no
 * limit of its own, and no name is refused: a stranger there could lock a device out by naming it.
 */
export function createFailureLimiter({ clock, isShared }: FailureLimiterOptions): FailureLimiter {
  const names = createTokenBuckets(clock, perName);
  const addresses = createTokenBuckets(clock, perAddress);
  const networks = createTokenBuckets(clock, perNetwork);
  const spare = createTokenBuckets(clock, spareGuesses);

  function hasRoom(near: string, wide: string): boolean {
    return addresses.has(near) && (!isNetwork(wide) || networks.has(wide));
  }

  /** A try beyond what the address may do is a guess until it is known to be none. */
  function beginSpare(name: string, owner: string): Attempt {
    spare.take(owner);
    return {
      failed(isGuess) {
        if (!isGuess) spare.giveBack(owner);
      },
      over() {
        spare.giveBack(owner);
        names.giveBack(name);
      },
    };
  }

  function begin(trier: Trier): Attempt {
    const { near, wide } = addressBlocks(trier.address);
    const name = nameAt(near, trier.name);
    const shared = isShared(trier.address);
    names.take(name);
    if (!shared && !hasRoom(near, wide)) return beginSpare(name, ownerOf(near, wide));
    return {
      failed() {
        if (shared) return;
        addresses.take(near);
        if (isNetwork(wide)) networks.take(wide);
      },
      over: () => names.giveBack(name),
    };
  }

  return {
    throttle({ address, name }) {
      const { near, wide } = addressBlocks(address);
      const shared = isShared(address);
      if (!names.has(nameAt(near, name))) return shared ? 'delay' : 'refuse';
      if (shared || hasRoom(near, wide)) return 'free';
      return spare.has(ownerOf(near, wide)) ? 'spare' : 'refuse';
    },
    begin,
    failed: (trier) => begin(trier).failed(true),
    hasFailed: ({ address, name }) => !names.isFull(nameAt(addressBlocks(address).near, name)),
  };
}

function nameAt(near: string, name: string): string {
  return `${near}\n${name}`;
}

function ownerOf(near: string, wide: string): string {
  return isNetwork(wide) ? wide : near;
}

/** IPv4 has no networks of one owner that are known. */
function isNetwork(wide: string): boolean {
  return wide.includes(':');
}
