import { ByteReader } from './byte-reader.ts';
import { Malformed } from './malformed.ts';

/** The beginning of a ClientHello, up to what proves where it comes from (RFC 6347 §4.2.1). */
export interface HelloStart {
  readonly version: number;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly cookie: Buffer;
}

export interface ClientHello extends HelloStart {
  /** In the order of the client's preference. */
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: Buffer;
  readonly extensions: ReadonlyMap<number, Buffer>;
}

/** @throws Malformed */
export function readHelloStart(bytes: Buffer): HelloStart {
  return readStart(new ByteReader(bytes));
}

/** @throws Malformed */
export function readClientHello(bytes: Buffer): ClientHello {
  const reader = new ByteReader(bytes);
  const start = readStart(reader);
  const cipherSuites = uint16List(reader.vector16());
  const compressionMethods = reader.vector8();
  const extensions = new Map<number, Buffer>();
  if (reader.left > 0) {
    const list = new ByteReader(reader.vector16());
    reader.end();
    while (list.left > 0) {
      const type = list.uint16();
      if (extensions.has(type)) throw new Malformed('an extension comes twice');
      extensions.set(type, list.vector16());
    }
  }
  return { ...start, cipherSuites, compressionMethods, extensions };
}

/** @throws Malformed */
export function uint16List(bytes: Buffer): readonly number[] {
  const reader = new ByteReader(bytes);
  const values: number[] = [];
  while (reader.left > 0) values.push(reader.uint16());
  return values;
}

function readStart(reader: ByteReader): HelloStart {
  const version = reader.uint16();
  const random = reader.bytes(32);
  const sessionId = reader.vector8();
  if (sessionId.length > 32) throw new Malformed('a session id has 32 bytes at the most');
  return { version, random, sessionId, cookie: reader.vector8() };
}
