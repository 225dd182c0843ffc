import { createHash } from 'node:crypto';

/**
 * A weak ETag (RFC 9110 §8.8.3): `as-of` changes all the time, and does not count.
 *
 * @param meaning the answer as JSON, without `as-of`.
 */
export function etagOf(meaning: string): string {
  return `W/"${createHash('sha256').update(meaning).digest('base64url').slice(0, 27)}"`;
}

/** Whether `If-None-Match` names this tag (RFC 9110 §13.1.2: by weak comparison). */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = etag.slice(2);
  return [...ifNoneMatch.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, tag]) => tag === opaque);
}
