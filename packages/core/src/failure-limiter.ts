import { addressBlocks } from './address-blocks.ts';
import type { Clock } from './clock.ts';
import type { Instant } from './ids.ts';

/** Failures an address may have at once, and how fast it may have more. */
const burst = 50;
const refillPerSecond = 5;
/** Addresses remembered at most; the one that failed longest ago is forgotten first. */
const maxAddresses = 10_000;

export interface FailureLimiter {
  /** Whether the address has failed too often to be listened to now. */
  blocked(address: string): boolean;
  failed(address: string): void;
}

/** A token bucket per remote address; an IPv6 network of 64 bits counts as one address. */
export function createFailureLimiter(clock: Clock): FailureLimiter {
  const buckets = new Map<string, { tokens: number; at: Instant }>();

  function tokensOf(key: string): number {
    const bucket = buckets.get(key);
    if (!bucket) return burst;
    return Math.min(burst, bucket.tokens + ((clock.monotonic() - bucket.at) / 1_000) * refillPerSecond);
  }

  return {
    blocked: (address) => tokensOf(addressBlocks(address).near) < 1,
    failed(address) {
      const key = addressBlocks(address).near;
      const tokens = Math.max(0, tokensOf(key) - 1);
      buckets.delete(key);
      buckets.set(key, { tokens, at: clock.monotonic() });
      const [oldest] = buckets.keys();
      if (buckets.size > maxAddresses && oldest !== undefined) buckets.delete(oldest);
    },
  };
}
