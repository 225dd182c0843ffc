import { deviceKey, type DeviceRef, type Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** How many messages a device may upload. */
export interface MessageRate {
  /** Whether it may upload one more now; counts it where it may. */
  allows(device: DeviceRef): boolean;
}

interface Bucket {
  tokens: number;
  filledAt: Instant;
}

/** A burst that every device may have, however low its rate. */
const leastBurst = 10;

/**
 * A token bucket for each device, as deep as what it may upload in a second. A bucket that is full again is forgotten, so
 * that no more are remembered than devices that uploaded lately.
 *
 * @param perSecond 0: no limit.
 */
export function createMessageRate(clock: Clock, perSecond: number): MessageRate {
  if (perSecond === 0) return { allows: () => true };
  const depth = Math.max(leastBurst, perSecond);
  const fillMs = (depth / perSecond) * 1_000;
  let recent = new Map<string, Bucket>();
  let older = new Map<string, Bucket>();
  let turnedAt = clock.monotonic();

  function bucketOf(key: string, now: Instant): Bucket {
    // Whatever was not touched for two turns has been full for one at least.
    if (now >= later(turnedAt, fillMs)) {
      older = now >= later(turnedAt, 2 * fillMs) ? new Map() : recent;
      recent = new Map();
      turnedAt = now;
    }
    const bucket = recent.get(key) ?? older.get(key) ?? { tokens: depth, filledAt: now };
    recent.set(key, bucket);
    return bucket;
  }

  return {
    allows(device) {
      const now = clock.monotonic();
      const bucket = bucketOf(deviceKey(device), now);
      bucket.tokens = Math.min(depth, bucket.tokens + ((now - bucket.filledAt) / 1_000) * perSecond);
      bucket.filledAt = now;
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}
