import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

/** Whether a hash was seen a short while ago, in a bounded room: a few that were not seem so too. */
export interface RecentHashes {
  add(hash: string): void;
  /** Of one that was added within the last 15 s: true. Of one that was not within 30 s: hardly ever. */
  has(hash: string): boolean;
}

const generationMs = 15_000;
/** With 60,000 hashes in a generation, two of a thousand others seem to have been seen. */
const bits = 2 ** 20;
const positions = 4;

/** Two Bloom filters, of which the older one is emptied and taken into use again every 15 s. */
export function createRecentHashes(clock: Pick<Clock, 'monotonic'>): RecentHashes {
  let current = new Uint8Array(bits / 8);
  let previous = new Uint8Array(bits / 8);
  let begunAt: Instant = clock.monotonic();

  function turn(): void {
    const ageMs = clock.monotonic() - begunAt;
    if (ageMs < generationMs) return;
    [current, previous] = [previous.fill(0), ageMs < 2 * generationMs ? current : current.fill(0)];
    begunAt = clock.monotonic();
  }

  return {
    add(hash) {
      turn();
      for (const bit of bitsOf(hash)) current[bit >> 3] = (current[bit >> 3] ?? 0) | (1 << (bit & 7));
    },
    has(hash) {
      turn();
      const isIn = (filter: Uint8Array): boolean =>
        bitsOf(hash).every((bit) => ((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0);
      return isIn(current) || isIn(previous);
    },
  };
}

/** A hash in Base64 is as good as random: its parts say which bits stand for it. */
function bitsOf(hash: string): readonly number[] {
  const bytes = Buffer.from(hash, 'base64');
  return Array.from({ length: positions }, (_, index) => bytes.readUInt32BE(4 * index) % bits);
}
