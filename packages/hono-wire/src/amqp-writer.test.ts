import { expect, test } from 'vitest';
import { AmqpWriter } from './amqp-writer.ts';

function binary(writer: AmqpWriter, bytes: Uint8Array): Uint8Array {
  writer.begin();
  writer.raw(bytes);
  return writer.finishShared();
}

test('what shares memory stays as it is, however many follow', () => {
  const writer = new AmqpWriter(64);
  const pieces = Array.from({ length: 100 }, (_, index) => binary(writer, new Uint8Array(7).fill(index)));
  for (const [index, piece] of pieces.entries())
    expect([...piece]).toEqual(Array.from({ length: 7 }, () => index));
  expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(Math.ceil(100 / Math.floor(64 / 7)));
});

test('what is large shares no memory, and makes nothing else large', () => {
  const writer = new AmqpWriter(64);
  const small = binary(writer, new Uint8Array(8).fill(1));
  expect(binary(writer, new Uint8Array(9)).buffer.byteLength).toBe(9);
  expect(binary(writer, new Uint8Array(1_000)).buffer.byteLength).toBe(1_000);
  expect(binary(writer, new Uint8Array(0))).toHaveLength(0);
  expect(binary(writer, new Uint8Array(8)).buffer.byteLength).toBe(64);
  expect([...small]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
});

test('a message moves to other memory with its open lists', () => {
  const writer = new AmqpWriter(64);
  binary(writer, new Uint8Array(8));
  writer.begin();
  writer.string('begun');
  const list = writer.openList();
  writer.binary(new Uint8Array(100).fill(7));
  writer.close(list, 1);
  const [size, count] = [4 + 2 + 100, 1];
  expect([...writer.finish()]).toEqual([
    ...[0xa1, 5, ...Buffer.from('begun')],
    ...[0xd0, 0, 0, 0, size, 0, 0, 0, count],
    ...[0xa0, 100, ...new Uint8Array(100).fill(7)],
  ]);
});

test('what was begun and not finished is forgotten', () => {
  const writer = new AmqpWriter(64);
  binary(writer, new Uint8Array(8));
  writer.begin();
  writer.openMap();
  writer.begin();
  writer.boolean(true);
  expect([...writer.finishShared()]).toEqual([0x41]);
});

test('a text as a binary is the binary of its bytes, whatever its length in either', () => {
  const writer = new AmqpWriter(256);
  for (const length of [0, 1, 63, 64, 65, 84, 85, 86, 127, 128, 255, 256, 1_000])
    for (const character of ['a', 'é', '€', '😀']) {
      const text = character.repeat(length);
      writer.begin();
      writer.utf8(text);
      const written = writer.finish();
      writer.begin();
      writer.binary(new TextEncoder().encode(text));
      expect([...written]).toEqual([...writer.finish()]);
    }
});
