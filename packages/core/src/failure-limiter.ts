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
    blocked: (address) => tokensOf(networkOf(address)) < 1,
    failed(address) {
      const key = networkOf(address);
      const tokens = Math.max(0, tokensOf(key) - 1);
      buckets.delete(key);
      buckets.set(key, { tokens, at: clock.monotonic() });
      const [oldest] = buckets.keys();
      if (buckets.size > maxAddresses && oldest !== undefined) buckets.delete(oldest);
    },
  };
}

/** The IPv4 address, or the first 64 bits of the IPv6 address: the rest is the device's to choose. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const tailGroups = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - tailGroups.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...tailGroups]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
