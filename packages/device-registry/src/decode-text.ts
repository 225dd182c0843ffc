/** Texts that begin with a byte order mark say by it how they are encoded; others are UTF-8. */
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
