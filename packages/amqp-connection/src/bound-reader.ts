import rhea from 'rhea';

/** What is used here of rhea's reader of values: `lib/types.js`. One reads a frame, or a message. */
interface Reader {
  remaining(): number;
  /** Ours. */
  emptyItemsLeft?: number;
  read_n(count: number): unknown[];
  read_array_items(count: number, type: { readonly width: number }): unknown[];
}

/** Items of arrays that take no bytes, as of `null` or `true`, in one frame or message. */
const maxEmptyItems = 65_536;

let isBound = false;

/**
 * rhea makes room for as many items as a frame says there are, before it looks for them: twelve bytes would take gigabytes, and an
 * array of items without bytes never ends. From now on a count that cannot be true is thrown, for all of rhea in this process.
 */
export function boundReader(): void {
  if (isBound) return;
  isBound = true;
  const { prototype } = (rhea as unknown as { readonly types: { readonly Reader: { prototype: Reader } } })
    .types.Reader;
  const { read_n: readMany, read_array_items: readArrayItems } = prototype;

  prototype.read_n = function (this: Reader, count) {
    // Each has a byte at least.
    if (count > this.remaining()) throw new RangeError('a count is larger than what it counts');
    return readMany.call(this, count);
  };

  prototype.read_array_items = function (this: Reader, count, type) {
    if (type.width === 0) {
      const left = (this.emptyItemsLeft ?? maxEmptyItems) - count;
      if (left < 0) throw new RangeError('an array has too many items');
      this.emptyItemsLeft = left;
    } else if (count > this.remaining()) throw new RangeError('a count is larger than what it counts');
    return readArrayItems.call(this, count, type);
  };
}
