import { ByteReader } from './byte-reader.ts';
import { Malformed } from './malformed.ts';

/** DER tags (X.690). */
const sequence = 0x30;
const objectIdentifier = 0x06;
/** The version, where there is one (RFC 5280 §4.1). */
const explicitVersion = 0xa0;
/** id-ecPublicKey (RFC 5480 §2.1.1). */
const ecPublicKey = '2a8648ce3d0201';

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/**
 * The object identifier of the named curve that a certificate's key is on, its content in hex; `undefined` if the key is of another
 * kind. OpenSSL gives the same for a key that it has read, but that costs as much as a signature, since it exports the key.
 *
 * @throws Malformed where it is no certificate.
 */
export function curveIdOfCertificate(der: Buffer): string | undefined {
  const tbs = within(within(der));
  let skipped = next(tbs);
  if (skipped.tag === explicitVersion) skipped = next(tbs);
  // After the serial number: signature algorithm, issuer, validity, subject.
  for (let field = 0; field < 4; field++) skipped = next(tbs);
  const algorithm = new ByteReader(expect(next(new ByteReader(expect(next(tbs), sequence))), sequence));
  if (expect(next(algorithm), objectIdentifier).toString('hex') !== ecPublicKey) return undefined;
  const parameters = next(algorithm);
  return parameters.tag === objectIdentifier ? parameters.content.toString('hex') : undefined;
}

/** What is inside of the sequence that begins here. */
function within(bytes: Buffer | ByteReader): ByteReader {
  return new ByteReader(expect(next(bytes instanceof ByteReader ? bytes : new ByteReader(bytes)), sequence));
}

function expect({ tag, content }: Element, expected: number): Buffer {
  if (tag !== expected) throw new Malformed('another element of DER is due');
  return content;
}

function next(reader: ByteReader): Element {
  const tag = reader.uint8();
  const first = reader.uint8();
  // A certificate has less than 16 MB (RFC 5246 §7.4.2), and so its parts have.
  const length = first < 0x80 ? first : longLength(reader, first & 0x7f);
  return { tag, content: reader.bytes(length) };
}

function longLength(reader: ByteReader, bytes: number): number {
  if (bytes === 1) return reader.uint8();
  if (bytes === 2) return reader.uint16();
  if (bytes === 3) return reader.uint24();
  throw new Malformed('a length that no certificate has');
}
