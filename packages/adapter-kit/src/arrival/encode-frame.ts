import type { LengthPrefix } from './frame-format.ts';

/**
 * A frame as a peer with the same `lengthPrefixFormat` reads it: the length, and then the content.
 *
 * @throws RangeError where the content is longer than the peer takes: cut a text with `utf8Within` before.
 */
export function lengthPrefixedFrame(
  content: Uint8Array,
  { lengthBytes, maxBytes }: LengthPrefix,
): Uint8Array {
  const { length } = content;
  if (length > maxBytes || length >= 256 ** lengthBytes)
    throw new RangeError(`a frame of ${length} bytes: ${maxBytes} at most, with a length of ${lengthBytes}`);
  const frame = Buffer.allocUnsafe(lengthBytes + length);
  frame.writeUIntBE(length, 0, lengthBytes);
  frame.set(content, lengthBytes);
  return frame;
}

const encoder = new TextEncoder();
/** UTF-8 has no more for one UTF-16 code unit. */
const maxBytesOfUnit = 3;

/** A text in UTF-8, or as much of its beginning as fits: a character is never cut in two. What is half a character becomes U+FFFD. */
export function utf8Within(text: string, maxBytes: number): Uint8Array {
  const room = new Uint8Array(Math.min(maxBytes, text.length * maxBytesOfUnit));
  return room.subarray(0, encoder.encodeInto(text, room).written);
}
