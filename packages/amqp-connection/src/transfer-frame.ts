/** The fields of a transfer beside its payload. The delivery's tag is its id, in four bytes. */
export interface TransferFields {
  readonly channel: number;
  readonly handle: number;
  readonly deliveryId: number;
  readonly settled: boolean;
}

/** The most bytes that {@link writeTransfer} writes before the payload. */
export const maxTransferBytes = 33;

/**
 * Writes one frame with a whole message: header (AMQP 1.0 §2.3.1), transfer (§2.7.5) of message format 0, payload.
 *
 * @returns where the next frame begins.
 */
export function writeTransfer(
  into: Buffer,
  start: number,
  { channel, handle, deliveryId, settled }: TransferFields,
  payload: Uint8Array,
): number {
  let at = start + 4;
  into[at++] = 2; // data offset, in words
  into[at++] = 0; // an AMQP frame
  at = into.writeUInt16BE(channel, at);
  into[at++] = 0x00; // described,
  into[at++] = 0x53; // by a small unsigned long:
  into[at++] = 0x14; // transfer
  into[at++] = 0xc0; // a list of at most 255 bytes
  const sizeAt = at++;
  into[at++] = 6;
  at = writeUint(into, at, handle);
  at = writeUint(into, at, deliveryId);
  into[at++] = 0xa0; // delivery-tag
  into[at++] = 4;
  at = into.writeUInt32BE(deliveryId, at);
  into[at++] = 0x43; // message-format: 0
  into[at++] = settled ? 0x41 : 0x42;
  into[at++] = 0x42; // more: false
  into[sizeAt] = at - sizeAt - 1;
  into.set(payload, at);
  at += payload.length;
  into.writeUInt32BE(at - start, start);
  return at;
}

function writeUint(into: Buffer, at: number, value: number): number {
  if (value > 0xff) {
    into[at] = 0x70;
    return into.writeUInt32BE(value, at + 1);
  }
  into[at] = 0x52;
  into[at + 1] = value;
  return at + 2;
}
