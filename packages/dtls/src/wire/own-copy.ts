/**
 * A copy that may be kept. A small buffer of `Buffer.from` lies within 8 kB that it shares with others, and keeps all 8 kB alive
 * as long as it lives.
 */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.alloc(bytes.length);
  copy.set(bytes);
  return copy;
}
