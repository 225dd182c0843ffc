import { Malformed } from './malformed.ts';
import { uint32At } from './walk-value.ts';

/** `AMQP`, as a number: what a protocol header begins with (AMQP 1.0 §2.2). As the size of a frame it would be a gigabyte. */
const headerMagic = 0x41_4d_51_50;
const headerBytes = 8;
/** The smallest frame is its header (AMQP 1.0 §2.3.1). */
const minFrameBytes = 8;

/** A protocol header, or a whole frame. */
export interface Unit {
  readonly kind: 'header' | 'frame';
  readonly bytes: Uint8Array;
}

/** Cuts a stream of bytes into protocol headers and frames. Holds less than one frame. */
export interface FrameSplitter {
  push(chunk: Uint8Array): void;
  /**
   * The next unit; `undefined` where it is not there yet.
   *
   * @throws Malformed as soon as its size is known to be more than `maxFrameBytes`.
   */
  next(maxFrameBytes: number): Unit | undefined;
  /** Bytes that wait. */
  readonly heldBytes: number;
  /** They go on waiting. */
  held(): Uint8Array;
  /** The headers and frames among them, which go on waiting. */
  waiting(): Iterable<Uint8Array>;
}

export function createFrameSplitter(): FrameSplitter {
  let chunks: Uint8Array[] = [];
  let heldBytes = 0;

  /** The first `count` bytes, in one piece. */
  function peek(count: number): Uint8Array {
    if ((chunks[0]?.length ?? 0) < count) chunks = [Buffer.concat(chunks)];
    return chunks[0] ?? new Uint8Array();
  }

  function take(count: number): Uint8Array {
    const first = peek(count);
    if (first.length === count) chunks.shift();
    else chunks[0] = first.subarray(count);
    heldBytes -= count;
    return first.subarray(0, count);
  }

  return {
    push(chunk) {
      if (chunk.length === 0) return;
      chunks.push(chunk);
      heldBytes += chunk.length;
    },
    next(maxFrameBytes) {
      if (heldBytes < headerBytes) return undefined;
      const size = uint32At(peek(headerBytes), 0);
      if (size === headerMagic) return { kind: 'header', bytes: take(headerBytes) };
      if (size < minFrameBytes || size > maxFrameBytes)
        throw new Malformed('a frame is too small or too large', 'amqp:connection:framing-error');
      return heldBytes < size ? undefined : { kind: 'frame', bytes: take(size) };
    },
    get heldBytes() {
      return heldBytes;
    },
    held: () => peek(heldBytes),
    *waiting() {
      const all = peek(heldBytes);
      for (let at = 0; all.length - at >= headerBytes;) {
        const size = uint32At(all, at);
        const bytes = size === headerMagic ? headerBytes : size;
        if (bytes < minFrameBytes || bytes > all.length - at) return;
        yield all.subarray(at, at + bytes);
        at += bytes;
      }
    },
  };
}
