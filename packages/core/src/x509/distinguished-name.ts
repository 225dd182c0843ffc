import { expectTag, readOid, readOnly, readValues, tags, type DerValue } from './der.ts';

/** An attribute of a distinguished name: `type` is a keyword of RFC 2253, or an object identifier. */
export interface NameAttribute {
  readonly type: string;
  /** Absent where the value is no text. */
  readonly text?: string;
  /** The value in DER. */
  readonly der: Uint8Array;
}

/** From the most significant part to the least, as it is encoded; each part has one attribute, rarely more. */
export type DistinguishedName = readonly (readonly NameAttribute[])[];

const keywords: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
]);

const strict = { fatal: true, ignoreBOM: true } as const;
const utf8 = new TextDecoder('utf-8', strict);
/** Decoders by tag of string. What is not here is no text, as for Java. */
const decoders: ReadonlyMap<number, typeof utf8> = new Map([
  [0x0c, utf8], // UTF8String
  [0x13, utf8], // PrintableString
  [0x14, utf8], // T61String
  [0x16, utf8], // IA5String
  [0x1b, utf8], // GeneralString
  [0x1e, new TextDecoder('utf-16be', strict)], // BMPString
]);

/** Reads a `Name` (RFC 5280 §4.1.2.4). @throws NotDer */
export function readName(bytes: Uint8Array): DistinguishedName {
  return readValues(readOnly(bytes, tags.sequence).content).map((part) =>
    readValues(expectTag(part, tags.set).content).map(readAttribute),
  );
}

function readAttribute(value: DerValue): NameAttribute {
  const [type, content, ...more] = readValues(expectTag(value, tags.sequence).content);
  const oid = readOid(expectTag(type, tags.oid));
  const { tag, content: bytes, whole } = expectTag(content, content?.tag ?? -1);
  if (more.length > 0) expectTag(undefined, tags.oid);
  const text = decode(tag, bytes);
  return { type: keywords.get(oid) ?? oid, der: whole, ...(text !== undefined && { text }) };
}

function decode(tag: number, bytes: Uint8Array): string | undefined {
  try {
    return decoders.get(tag)?.decode(bytes);
  } catch {
    return undefined;
  }
}
