import type { Place } from './journal.ts';

/** How many neighboring places one chunk has: a kilobyte of bits. */
const chunkPlaces = 8_192;
const wordBits = 32;

interface Chunk {
  readonly words: Uint32Array;
  count: number;
}

/** Places, a bit each where they are near each other: those of a million events in a row take 125 kB, outside of the heap. */
export interface PlaceSet {
  readonly size: number;
  add(place: Place): void;
  /** Takes up to `count` out, about in the order in which they were added. */
  take(count: number): Place[];
}

export function createPlaceSet(): PlaceSet {
  const chunks = new Map<number, Chunk>();
  let size = 0;

  function takeOf(chunk: Chunk, first: Place, taken: Place[], count: number): void {
    for (const [index, bits] of chunk.words.entries()) {
      let left = bits;
      while (left !== 0 && taken.length < count) {
        const bit = 31 - Math.clz32(left & -left);
        left &= left - 1;
        taken.push(first + index * wordBits + bit);
        chunk.count -= 1;
      }
      chunk.words[index] = left;
      if (chunk.count === 0 || taken.length >= count) return;
    }
  }

  return {
    get size() {
      return size;
    },
    add(place) {
      const number = Math.floor(place / chunkPlaces);
      let chunk = chunks.get(number);
      if (!chunk) chunks.set(number, (chunk = { words: new Uint32Array(chunkPlaces / wordBits), count: 0 }));
      const offset = place - number * chunkPlaces;
      const index = offset >> 5;
      const before = chunk.words[index] ?? 0;
      const after = (before | (1 << (offset & 31))) >>> 0;
      if (before === after) return;
      chunk.words[index] = after;
      chunk.count += 1;
      size += 1;
    },
    take(count) {
      const taken: Place[] = [];
      for (const [number, chunk] of chunks) {
        if (taken.length >= count) break;
        takeOf(chunk, number * chunkPlaces, taken, count);
        if (chunk.count === 0) chunks.delete(number);
      }
      size -= taken.length;
      return taken;
    },
  };
}
