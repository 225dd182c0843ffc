import type { Random } from './random.ts';

// One call into the generator serves many small requests: ids are made on the hot path. What was handed out is never written again.
const poolBytes = 4_096;
let pool = new Uint8Array(0);
let used = 0;

function bytes(length: number): Uint8Array {
  if (length > poolBytes) return crypto.getRandomValues(new Uint8Array(length));
  if (used + length > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(poolBytes));
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}

/** Randomness fit for identifiers and keys. */
export const systemRandom: Random = { next: Math.random, bytes };
