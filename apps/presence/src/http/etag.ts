import { createHash } from 'node:crypto';

/**
 * A weak one (RFC 9110 §8.8.3): how far the stream was read is part of the answer, and not of its meaning.
 *
 * @param meaning the answer as JSON, without that.
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
