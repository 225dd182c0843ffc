/** A whole frame: `bytes.subarray(start, end)`; what comes after it begins at `next`. */
export interface FrameBounds {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** A frame that is not whole yet, of which it is known how long it is. */
export interface FrameTail {
  /** The bytes are looked at again once there are so many of them. */
  readonly wholeAt: number;
}

/** How a protocol cuts a stream of bytes into frames. It keeps nothing from one call to the next: several streams share it. */
export interface FrameFormat {
  /** Bytes of a frame that is not whole yet, at most, with all that stands around its content: with more it is too long. */
  readonly maxHeldBytes: number;
  /**
   * Looks for the end of a frame.
   *
   * @param bytes from the first byte of the frame on.
   * @param searched what was `bytes.length` when the last answer for this frame was `undefined`; else 0. To begin the search
   *   there is right only where `undefined` means that nothing was found in those bytes.
   * @returns `undefined` while nothing is known of the end; `wholeAt` once the length is; `too-long` as soon as it is known
   *   that the frame will be.
   */
  boundsOf(bytes: Uint8Array, searched: number): FrameBounds | FrameTail | 'too-long' | undefined;
}

export const lineFeed = 0x0a;

/**
 * Lines that end with a line feed, which is not part of them. A carriage return before it is.
 *
 * @param maxBytes of a line, without its line feed.
 */
export function lineFormat(maxBytes: number): FrameFormat {
  return {
    maxHeldBytes: maxBytes,
    boundsOf(bytes, searched) {
      const end = bytes.indexOf(lineFeed, searched);
      if (end < 0) return undefined;
      return end > maxBytes ? 'too-long' : { start: 0, end, next: end + 1 };
    },
  };
}

/** How a length-prefixed frame begins. */
export interface LengthPrefix {
  /** Of the length itself, which is unsigned and big-endian. */
  readonly lengthBytes: 1 | 2 | 4;
  /** Of a frame, without its length. */
  readonly maxBytes: number;
}

/** Frames that begin with their length, which is not part of them and does not count itself. */
export function lengthPrefixFormat({ lengthBytes, maxBytes }: LengthPrefix): FrameFormat {
  return {
    maxHeldBytes: maxBytes + lengthBytes,
    boundsOf(bytes) {
      if (bytes.length < lengthBytes) return undefined;
      let length = 0;
      // Not with shifts: they make a number with 32 bits negative.
      for (const byte of bytes.subarray(0, lengthBytes)) length = length * 256 + byte;
      if (length > maxBytes) return 'too-long';
      const end = lengthBytes + length;
      return bytes.length < end ? { wholeAt: end } : { start: lengthBytes, end, next: end };
    },
  };
}
