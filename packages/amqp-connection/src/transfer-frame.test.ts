import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { maxTransferBytes, writeTransfer } from './transfer-frame.ts';

interface Frame {
  readonly channel: number;
  readonly performative: Readonly<Record<string, unknown>>;
  readonly payload?: Uint8Array;
}
const rheaFrames = createRequire(import.meta.url)('rhea/lib/frames.js') as {
  read_frame(bytes: Buffer): Frame;
};

test.each([
  { channel: 0, handle: 0, deliveryId: 0, settled: false },
  { channel: 1, handle: 255, deliveryId: 255, settled: true },
  { channel: 65_535, handle: 256, deliveryId: 4_294_967_295, settled: false },
])('%j is read by rhea with the same fields', (fields) => {
  const payload = Buffer.from('a message');
  const bytes = Buffer.alloc(3 + maxTransferBytes + payload.length, 0xff);
  const end = writeTransfer(bytes, 3, fields, payload);
  expect(end).toBeLessThanOrEqual(bytes.length);
  const { channel, performative, payload: read } = rheaFrames.read_frame(bytes.subarray(3, end));
  expect(channel).toBe(fields.channel);
  expect({
    handle: performative['handle'],
    deliveryId: performative['delivery_id'],
    tag: (performative['delivery_tag'] as Buffer).readUInt32BE(),
    format: performative['message_format'],
    settled: performative['settled'],
    more: performative['more'],
  }).toEqual({
    handle: fields.handle,
    deliveryId: fields.deliveryId,
    tag: fields.deliveryId,
    format: 0,
    settled: fields.settled,
    more: false,
  });
  expect(Buffer.from(read ?? []).toString()).toBe('a message');
});
