import { boundReader } from '@rollcall/rhea-internals/client';
import rhea from 'rhea';
import { afterEach, expect, test } from 'vitest';
import { createTestBed } from './testing/index.ts';

boundReader();
const bed = createTestBed();
afterEach(() => bed.closeAll());

const huge = [0x7f, 0xff, 0xff, 0xff];
const bombs = {
  'a list of two thousand million values': [0xd0, 0x00, 0x00, 0x00, 0x04, ...huge],
  'a map of as many': [0xd1, 0x00, 0x00, 0x00, 0x04, ...huge],
  'an array of as many numbers': [0xf0, 0x00, 0x00, 0x00, 0x05, ...huge, 0x71],
  'an array of as many values without bytes': [0xf0, 0x00, 0x00, 0x00, 0x05, ...huge, 0x40],
  'many arrays of values without bytes': [
    0xd0,
    ...[0x00, 0x00, 0x00, 0x4c, 0x00, 0x00, 0x00, 0x08],
    ...Array.from({ length: 8 }, () => [0xf0, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x7f, 0xff, 0x41]).flat(),
  ],
};

const { Reader } = (
  rhea as unknown as { readonly types: { readonly Reader: new (bytes: Buffer) => { read(): unknown } } }
).types;

test.each(Object.entries(bombs))('%s is refused before room is made for it', (_what, bytes) => {
  expect(() => new Reader(Buffer.from(bytes)).read()).toThrow(RangeError);
});

test('arrays and lists with true counts are read', () => {
  const numbers = Buffer.from([0xe0, 0x06, 0x04, 0x50, 1, 2, 3, 4]);
  expect([...(new Reader(numbers).read() as { value: Iterable<number> }).value]).toHaveLength(4);
  expect(() => new Reader(Buffer.from([0xf0, 0, 0, 0, 5, 0, 0, 1, 0, 0x40])).read()).not.toThrow();
});

test.each(Object.entries(bombs))(
  'a message with %s does not affect those behind it',
  async (_what, bytes) => {
    const { peer, connection } = await bed.givenAPeer();
    const seen: unknown[] = [];
    const link = connection.openReceiver('q', {
      credit: 5,
      onMessage: async ({ messageId }) => {
        seen.push(messageId);
        return 'accepted';
      },
    });
    await expect.poll(() => link.attached()).toBe(true);
    // Its body (AMQP 1.0 §3.2.8).
    void peer.deliver('q', Uint8Array.from([0x00, 0x53, 0x77, ...bytes])).catch(() => {});
    await expect
      .poll(async () => {
        await peer.deliver('q', rhea.message.encode({ message_id: 'next', body: 'x' })).catch(() => {});
        return seen.includes('next');
      })
      .toBe(true);
  },
);
