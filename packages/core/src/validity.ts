import type { Timestamp } from './ids.ts';

/** When a secret, or an authority that vouches for one, may be relied upon. Absent: without bound. */
export interface Validity {
  readonly notBefore?: Timestamp;
  readonly notAfter?: Timestamp;
}

/** Strictly within, as in Hono (`docs/hono-compatibility.md` §8). */
export function isValidAt({ notBefore, notAfter }: Validity, now: Timestamp): boolean {
  return (notBefore === undefined || now > notBefore) && (notAfter === undefined || now < notAfter);
}
