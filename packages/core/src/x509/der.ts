/** One value in DER: its tag, and the bytes without and with their header. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** Bytes are not what X.690 says; the message says how. */
export class NotDer extends Error {}

/** What of the tags is used in certificates (X.690 §8.1.2, X.680 §8.4). */
export const tags = {
  boolean: 0x01,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
} as const;

/** Values that follow each other (X.690 §8.1). @throws NotDer */
export function readValues(bytes: Uint8Array): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const value = readValueAt(bytes, at);
    values.push(value);
    at += value.whole.length;
  }
  return values;
}

/** The only value in these bytes, which must have the tag. @throws NotDer */
export function readOnly(bytes: Uint8Array, tag: number): DerValue {
  const [value, ...more] = readValues(bytes);
  if (more.length > 0) throw new NotDer('something follows');
  return expectTag(value, tag);
}

/** @throws NotDer where it is missing, or something else. */
export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag !== tag) throw new NotDer(`no value of tag ${tag}`);
  return value;
}

function readValueAt(bytes: Uint8Array, start: number): DerValue {
  const tag = bytes[start] ?? 0;
  if ((tag & 0x1f) === 0x1f) throw new NotDer('a tag is too long');
  const first = bytes[start + 1];
  if (first === undefined) throw new NotDer('a value has no length');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const begin = start + 2 + lengthBytes;
  const length = first < 0x80 ? first : longLength(bytes.subarray(start + 2, begin));
  if (begin + length > bytes.length) throw new NotDer('a value is longer than what holds it');
  return {
    tag,
    content: bytes.subarray(begin, begin + length),
    whole: bytes.subarray(start, begin + length),
  };
}

/** Definite, and in the fewest bytes (X.690 §10.1); no certificate is longer than three bytes can tell. */
function longLength(bytes: Uint8Array): number {
  if (bytes.length === 0 || bytes.length > 3) throw new NotDer('a length is indefinite, or too long');
  const length = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (length < (bytes.length === 1 ? 0x80 : 256 ** (bytes.length - 1)))
    throw new NotDer('a length has bytes to spare');
  return length;
}

/** An object identifier in dots (X.690 §8.19). @throws NotDer */
export function readOid({ content }: DerValue): string {
  const arcs: number[] = [];
  let arc = 0;
  let inArc = false;
  for (const byte of content) {
    if (!inArc && byte === 0x80) throw new NotDer('an object identifier has bytes to spare');
    arc = arc * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new NotDer('an object identifier is too long');
    inArc = byte >= 0x80;
    if (inArc) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first, ...rest] = arcs;
  if (first === undefined || inArc) throw new NotDer('an object identifier is cut off');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}
