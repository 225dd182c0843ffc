/** Larger copies get memory of their own. */
const largestShare = 1 / 8;

/**
 * Copies bytes into a shared slab, at an eighth of what memory of its own costs each copy. For what is soon let go of: a slab
 * lives as long as any copy in it.
 */
export function createBytePool(slabBytes: number): (bytes: Uint8Array) => Uint8Array {
  let slab = new Uint8Array(slabBytes);
  let used = 0;
  return (bytes) => {
    if (bytes.length > slabBytes * largestShare) return bytes.slice();
    if (used + bytes.length > slabBytes) {
      slab = new Uint8Array(slabBytes);
      used = 0;
    }
    const copy = slab.subarray(used, used + bytes.length);
    copy.set(bytes);
    used += bytes.length;
    return copy;
  };
}
