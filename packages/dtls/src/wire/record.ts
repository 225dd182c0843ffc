import { dtls12 } from './protocol-version.ts';

/** Type, version, epoch, sequence number, length (RFC 6347 §4.1); a connection id would stand before the length. */
export const recordHeaderBytes = 13;
/** RFC 5246 §6.2.1. */
export const maxPlaintextBytes = 2 ** 14;
/** RFC 5246 §6.2.3. */
export const maxCiphertextBytes = maxPlaintextBytes + 2_048;
/** A sequence number has 48 bits, and never comes again within an epoch (RFC 6347 §4.1). */
export const maxSequence = 2 ** 48 - 1;

/** A record of epoch 0, which nothing protects. */
export function plainRecord(
  type: number,
  sequence: number,
  body: Uint8Array,
  version: number = dtls12,
): Buffer {
  const record = Buffer.allocUnsafe(recordHeaderBytes + body.length);
  record[0] = type;
  record.writeUInt16BE(version, 1);
  writeSequence(record, 3, 0, sequence);
  record.writeUInt16BE(body.length, 11);
  record.set(body, recordHeaderBytes);
  return record;
}

export function writeSequence(into: Buffer, at: number, epoch: number, sequence: number): void {
  into.writeUInt16BE(epoch, at);
  into.writeUIntBE(sequence, at + 2, 6);
}
