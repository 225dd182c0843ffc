import { type FrameFormat, lineFeed } from './frame-format.ts';

/** How a line says what follows it. */
export interface CountedPayload {
  /** Of a line, without its line feed. */
  readonly maxLineBytes: number;
  /** Of what follows a line. */
  readonly maxPayloadBytes: number;
  /**
   * How many bytes follow this line and belong to its frame, with those that end a payload. 0 where the line has no payload,
   * or is not sound: whoever parses the frame says what is wrong with it. A number that is none, or too great, ends the stream
   * as `too-long`.
   *
   * @param line without its line feed; a carriage return before that is part of it. Called twice for a line at most.
   */
  payloadBytesOf(line: Uint8Array): number;
}

/** Frames of a line that may say how many bytes follow it. A frame has both, and the line feed between them: `lineAndPayload`. */
export function countedPayloadFormat(counted: CountedPayload): FrameFormat {
  const { maxLineBytes, maxPayloadBytes } = counted;
  return {
    maxHeldBytes: maxLineBytes + 1 + maxPayloadBytes,
    boundsOf(bytes, searched) {
      const lineEnd = bytes.subarray(0, maxLineBytes + 1).indexOf(lineFeed, searched);
      if (lineEnd < 0) return bytes.length > maxLineBytes ? 'too-long' : undefined;
      const payloadBytes = counted.payloadBytesOf(bytes.subarray(0, lineEnd));
      if (!isCount(payloadBytes, maxPayloadBytes)) return 'too-long';
      const end = lineEnd + 1 + payloadBytes;
      return bytes.length < end ? { wholeAt: end } : { start: 0, end, next: end };
    },
  };
}

function isCount(bytes: number, maxBytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= 0 && bytes <= maxBytes;
}

/** The parts of a frame of `countedPayloadFormat`: the line without its line feed, and what follows it. */
export function lineAndPayload(frame: Uint8Array): {
  readonly line: Uint8Array;
  readonly payload: Uint8Array;
} {
  const lineEnd = frame.indexOf(lineFeed);
  return { line: frame.subarray(0, lineEnd), payload: frame.subarray(lineEnd + 1) };
}
