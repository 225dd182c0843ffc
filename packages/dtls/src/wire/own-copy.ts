/**
 * A copy for keeps. What `Buffer.from` makes of a few bytes lies within 8 kB that it shares with others, and keeps all of them
 * for as long as it lives itself.
 */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.alloc(bytes.length);
  copy.set(bytes);
  return copy;
}
