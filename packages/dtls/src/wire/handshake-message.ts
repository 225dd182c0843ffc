/** Type, length, message sequence number, fragment offset, fragment length (RFC 6347 §4.2.2). */
export const handshakeHeaderBytes = 12;

/** A part of a handshake message, or all of it. */
export interface HandshakeFragment {
  readonly type: number;
  /** Of the whole message. */
  readonly length: number;
  readonly sequence: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** A message with the header of an unfragmented one: in this form it enters the transcript (RFC 6347 §4.2.6). */
export function handshakeMessage(type: number, sequence: number, body: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(handshakeHeaderBytes + body.length);
  message[0] = type;
  message.writeUIntBE(body.length, 1, 3);
  message.writeUInt16BE(sequence, 4);
  message.writeUIntBE(0, 6, 3);
  message.writeUIntBE(body.length, 9, 3);
  message.set(body, handshakeHeaderBytes);
  return message;
}

/** Cuts a message so that no body is longer than `maxBodyBytes`. */
export function fragmentsOf(message: Buffer, maxBodyBytes: number): readonly Buffer[] {
  const length = message.length - handshakeHeaderBytes;
  if (length <= maxBodyBytes) return [message];
  const fragments: Buffer[] = [];
  for (let offset = 0; offset < length; offset += maxBodyBytes) {
    const bytes = message.subarray(handshakeHeaderBytes + offset).subarray(0, maxBodyBytes);
    const fragment = Buffer.concat([message.subarray(0, handshakeHeaderBytes), bytes]);
    fragment.writeUIntBE(offset, 6, 3);
    fragment.writeUIntBE(bytes.length, 9, 3);
    fragments.push(fragment);
  }
  return fragments;
}

/** The fragments within a record; ends with `undefined` where the rest cannot be one. */
export function* readFragments(record: Buffer): Generator<HandshakeFragment | undefined, void> {
  for (let at = 0; at < record.length;) {
    const start = at + handshakeHeaderBytes;
    const isHeader = start <= record.length;
    const length = isHeader ? record.readUIntBE(at + 1, 3) : 0;
    const offset = isHeader ? record.readUIntBE(at + 6, 3) : 0;
    const end = isHeader ? start + record.readUIntBE(at + 9, 3) : 0;
    if (!isHeader || end > record.length || offset + end - start > length) {
      yield undefined;
      return;
    }
    yield {
      type: record.readUInt8(at),
      length,
      sequence: record.readUInt16BE(at + 4),
      offset,
      bytes: record.subarray(start, end),
    };
    at = end;
  }
}
