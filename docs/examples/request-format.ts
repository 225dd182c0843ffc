import type { FrameFormat } from '@rollcall/adapter-kit/arrival';

/** Frames that end with a zero byte. A line feed between them is a sign of life. */
export function requestFormat(maxFrameBytes: number): FrameFormat {
  return {
    maxHeldBytes: maxFrameBytes,
    boundsOf(bytes, searched) {
      // A frame without bytes: `parseRequest` makes a sign of life of it.
      if (bytes[0] === 0x0a) return { start: 0, end: 0, next: 1 };
      const end = bytes.indexOf(0, searched);
      if (end > maxFrameBytes) return 'too-long';
      return end < 0 ? undefined : { start: 0, end, next: end + 1 };
    },
  };
}
