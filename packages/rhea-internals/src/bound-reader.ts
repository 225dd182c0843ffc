import { modules } from './internals-of.ts';
import type { RawReader } from './raw.ts';

/** There is one for each frame, or message. */
interface BoundReader extends RawReader {
  /** Added here, not by rhea. */
  emptyItemsLeft?: number;
}

/** Items of arrays that take no bytes, as of `null` or `true`, in one frame or message. */
const maxEmptyItems = 65_536;

let isBound = false;

/**
 * rhea allocates room for as many items as a frame claims, before it reads them: twelve bytes would take gigabytes, and an array
 * of items without bytes never ends. After this call, rhea throws at a count that cannot be true, everywhere in this process.
 */
export function boundReader(): void {
  if (isBound) return;
  isBound = true;
  const { prototype } = modules.types.Reader;
  const { read_n: readMany, read_array_items: readArrayItems } = prototype;

  prototype.read_n = function (this: BoundReader, count) {
    // Each has a byte at least.
    if (count > this.remaining()) throw new RangeError('a count is larger than what it counts');
    return readMany.call(this, count);
  };

  prototype.read_array_items = function (this: BoundReader, count, type) {
    if (type.width === 0) {
      const left = (this.emptyItemsLeft ?? maxEmptyItems) - count;
      if (left < 0) throw new RangeError('an array has too many items');
      this.emptyItemsLeft = left;
    } else if (count > this.remaining()) throw new RangeError('a count is larger than what it counts');
    return readArrayItems.call(this, count, type);
  };
}
