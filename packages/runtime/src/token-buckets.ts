import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

export interface BucketOptions {
  /** Tokens of a bucket that is full. */
  readonly capacity: number;
  readonly refillPerSecond: number;
  /** Buckets remembered at most. */
  readonly maxBuckets: number;
}

/** Token buckets by key. A bucket that is not used fills up again; a full one takes no memory. */
export interface TokenBuckets {
  /** Whether there is a token to take. Asking keeps the bucket from being forgotten. */
  has(key: string): boolean;
  /** Whether it is full. */
  isFull(key: string): boolean;
  take(key: string): void;
  giveBack(key: string): void;
  readonly size: number;
}

interface Bucket {
  tokens: number;
  at: Instant;
}

/**
 * Buckets that were hardly taken from are forgotten before those that are nearly empty: an attacker who invents a thousand names,
 * one failure each, does not push out the bucket that holds the attack back. Within that, the one used longest ago goes first.
 */
export function createTokenBuckets(
  clock: Pick<Clock, 'monotonic'>,
  { capacity, refillPerSecond, maxBuckets }: BucketOptions,
): TokenBuckets {
  /** Each in the order of use. A Map keeps the order of insertion. */
  const nearlyFull = new Map<string, Bucket>();
  const nearlyEmpty = new Map<string, Bucket>();

  function tokensOf({ tokens, at }: Bucket): number {
    return Math.min(capacity, tokens + ((clock.monotonic() - at) / 1_000) * refillPerSecond);
  }

  function put(key: string, tokens: number): void {
    nearlyFull.delete(key);
    nearlyEmpty.delete(key);
    if (tokens >= capacity) return;
    (tokens < capacity / 2 ? nearlyEmpty : nearlyFull).set(key, { tokens, at: clock.monotonic() });
    if (nearlyFull.size + nearlyEmpty.size <= maxBuckets) return;
    const [oldest] = nearlyFull.size > 0 ? nearlyFull.keys() : nearlyEmpty.keys();
    if (oldest !== undefined) (nearlyFull.size > 0 ? nearlyFull : nearlyEmpty).delete(oldest);
  }

  function left(key: string): number {
    const bucket = nearlyEmpty.get(key) ?? nearlyFull.get(key);
    return bucket ? tokensOf(bucket) : capacity;
  }

  return {
    has(key) {
      const tokens = left(key);
      put(key, tokens);
      return tokens >= 1;
    },
    isFull: (key) => left(key) >= capacity,
    take: (key) => put(key, Math.max(0, left(key) - 1)),
    giveBack: (key) => put(key, Math.min(capacity, left(key) + 1)),
    get size() {
      return nearlyFull.size + nearlyEmpty.size;
    },
  };
}
