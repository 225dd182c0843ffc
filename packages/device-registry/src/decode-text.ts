/** Byte order marks, which say how a text is encoded. A text without one is UTF-8. */
const marks = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
] as const;

/** The text of a file, without its byte order mark; `undefined`: it is not text. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const encoding = marks.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte))?.[0];
  try {
    return new TextDecoder(encoding ?? 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
