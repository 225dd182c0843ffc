import { ownCopy } from './own-copy.ts';

/** A section of a message that says nothing: a header without a field (AMQP 1.0 §3.2.1). */
const emptySection = Uint8Array.of(0x00, 0x53, 0x70, 0x45);

/**
 * A transfer without its payload. A library that keeps what comes of a delivery needs something of its first transfer: there, a
 * section that says nothing stands for it.
 */
export function bareFrame(frame: Uint8Array, payloadAt: number, isFirst: boolean): Uint8Array {
  const bare = ownCopy(
    Buffer.concat([frame.subarray(0, payloadAt), isFirst ? emptySection : new Uint8Array()]),
  );
  bare.writeUInt32BE(bare.length);
  return bare;
}
