/** A copy that may be kept: it shares its memory with nothing else, as a slice of what was read, or a small `Buffer.from`, would. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.alloc(bytes.length);
  copy.set(bytes);
  return copy;
}
