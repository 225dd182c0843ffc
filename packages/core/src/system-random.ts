import type { Random } from './random.ts';

// One call into the generator serves many small requests: ids are made on the hot path.
const pool = new Uint8Array(4_096);
let used = pool.length;

function bytes(length: number): Uint8Array {
  if (length > pool.length) return crypto.getRandomValues(new Uint8Array(length));
  if (used + length > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  used += length;
  return pool.slice(used - length, used);
}

/** Randomness fit for identifiers and keys. */
export const systemRandom: Random = { next: Math.random, bytes };
