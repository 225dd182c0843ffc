import { contentType } from '../wire/content-type.ts';
import { dtls12 } from '../wire/protocol-version.ts';
import { writeSequence } from '../wire/record.ts';
import { plainContextBytes, type RecordContext } from './protection.ts';

/** Made once and filled in for each record: nothing runs between filling in and use. */
const plain: RecordContext = Buffer.alloc(plainContextBytes);
const byIdBytes: (RecordContext | undefined)[] = [];

/** Epoch, sequence number, type, version, and room for the length (RFC 5246 §6.2.3.3, RFC 6347 §4.1.2.1). */
export function recordContext(epoch: number, sequence: number, type: number): RecordContext {
  writeSequence(plain, 0, epoch, sequence);
  plain[8] = type;
  plain.writeUInt16BE(dtls12, 9);
  return plain;
}

/** The same for records with a connection id (RFC 9146 §5). */
export function connectionIdContext(epoch: number, sequence: number, connectionId: Buffer): RecordContext {
  const context = (byIdBytes[connectionId.length] ??= Buffer.alloc(23 + connectionId.length));
  context.fill(0xff, 0, 8);
  context[8] = contentType.tls12Cid;
  context[9] = connectionId.length;
  context[10] = contentType.tls12Cid;
  context.writeUInt16BE(dtls12, 11);
  writeSequence(context, 13, epoch, sequence);
  connectionId.copy(context, 21);
  return context;
}
