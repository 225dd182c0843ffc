/** Codes of descriptors: as a small number, and as a long one (AMQP 1.0 §1.6.9, §2.7.9). */
const descriptors = [Buffer.from([0, 0x53, 0x18]), Buffer.from([0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x18])];

/** Whether a frame that was not checked yet is a Close. */
export function isClose(frame: Uint8Array): boolean {
  const body = frame.subarray((frame[4] ?? 0) * 4);
  return (
    frame[5] === 0 && descriptors.some((descriptor) => descriptor.equals(body.subarray(0, descriptor.length)))
  );
}
