/** The deliveries that the peer accepted and settled: ids from `first` to `last`. */
export interface Acceptance {
  readonly channel: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a frame that says only that deliveries were accepted and are settled, in the forms in which peers write it
 * (AMQP 1.0 §2.7.6, §3.4.2). For any other frame, well-formed or not, the result is `undefined`.
 *
 * @param start where the frame begins.
 * @param end where it ends, as its size says; `bytes` may go on.
 */
export function readAcceptance(bytes: Buffer, start: number, end: number): Acceptance | undefined {
  if (end - start < shortest || end - start > longest || end > bytes.length) return undefined;
  // A data offset of two words, an AMQP frame; a disposition.
  if (bytes[start + 4] !== 2 || bytes[start + 5] !== 0 || !isDescribed(bytes, start + 8, 0x15))
    return undefined;
  const list = start + 11;
  let at: number;
  let fields: number | undefined;
  if (bytes[list] === 0xc0 && bytes[list + 1] === end - list - 2) {
    fields = bytes[list + 2];
    at = list + 3;
  } else if (bytes[list] === 0xd0 && bytes.readUInt32BE(list + 1) === end - list - 5) {
    fields = bytes.readUInt32BE(list + 5);
    at = list + 9;
  } else return undefined;
  const isReceiver = bytes[at] === 0x41;
  if (!isReceiver || (fields !== 5 && fields !== 6)) return undefined;

  at += 1;
  const firstBytes = uintBytes(bytes[at]);
  if (firstBytes === undefined || at + firstBytes > end) return undefined;
  const first = readUint(bytes, at, firstBytes);
  at += firstBytes;
  const lastBytes = bytes[at] === 0x40 ? 1 : uintBytes(bytes[at]);
  if (lastBytes === undefined || at + lastBytes > end) return undefined;
  const last = bytes[at] === 0x40 ? first : readUint(bytes, at, lastBytes);
  at += lastBytes;

  const isSettled = bytes[at] === 0x41;
  if (!isSettled || !isDescribed(bytes, at + 1, 0x24)) return undefined;
  at += 4;
  // The state's own list is empty; it may say so in two forms.
  if (bytes[at] === 0x45) at += 1;
  else if (bytes[at] === 0xc0 && bytes[at + 1] === 1 && bytes[at + 2] === 0) at += 3;
  else return undefined;
  // `batchable` does not matter to the receiver of a disposition.
  if (fields === 6) {
    if (bytes[at] !== 0x40 && bytes[at] !== 0x41 && bytes[at] !== 0x42) return undefined;
    at += 1;
  }
  return at === end ? { channel: bytes.readUInt16BE(start + 6), first, last } : undefined;
}

/** The shortest of the forms below, in bytes. */
const shortest = 22;
const longest = 39;

/** A value described by a small unsigned long. */
function isDescribed(bytes: Buffer, at: number, descriptor: number): boolean {
  return bytes[at] === 0x00 && bytes[at + 1] === 0x53 && bytes[at + 2] === descriptor;
}

/** Length of an unsigned integer with its type code. */
function uintBytes(code: number | undefined): number | undefined {
  return code === 0x43 ? 1 : code === 0x52 ? 2 : code === 0x70 ? 5 : undefined;
}

function readUint(bytes: Buffer, at: number, length: number): number {
  return length === 1 ? 0 : length === 2 ? bytes.readUInt8(at + 1) : bytes.readUInt32BE(at + 1);
}
