import { contentType } from './content-type.ts';
import { maxCiphertextBytes, recordHeaderBytes } from './record.ts';

export interface DtlsRecord {
  readonly type: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Empty in records without one. */
  readonly connectionId: Buffer;
  readonly fragment: Buffer;
}

const none = Buffer.alloc(0);

/**
 * The records of a datagram, in their order. Ends with `undefined` if the rest is not a record: the length of a
 * connection id is not on the wire, so the caller must know it.
 */
export function* readRecords(
  datagram: Buffer,
  connectionIdBytes: number,
): Generator<DtlsRecord | undefined, void> {
  for (let at = 0; at < datagram.length;) {
    const type = datagram[at];
    const idBytes = type === contentType.tls12Cid ? connectionIdBytes : 0;
    const start = at + recordHeaderBytes + idBytes;
    // All versions of DTLS begin with this byte; the rest of it is of no use to a server with one version (RFC 6347 §4.2.1).
    const isHeader = type !== undefined && start <= datagram.length && datagram[at + 1] === 0xfe;
    const length = isHeader ? datagram.readUInt16BE(start - 2) : 0;
    if (!isHeader || length > maxCiphertextBytes || start + length > datagram.length) {
      yield undefined;
      return;
    }
    yield {
      type,
      epoch: datagram.readUInt16BE(at + 3),
      sequence: datagram.readUIntBE(at + 5, 6),
      connectionId: idBytes === 0 ? none : datagram.subarray(at + 11, at + 11 + idBytes),
      fragment: datagram.subarray(start, start + length),
    };
    at = start + length;
  }
}
