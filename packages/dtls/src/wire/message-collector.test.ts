import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { fragmentsOf, handshakeMessage, readFragments, type HandshakeFragment } from './handshake-message.ts';
import { createMessageCollector } from './message-collector.ts';

const body = Buffer.from('a message that is long enough to come in several pieces');
const type = 11;

function part(offset: number, end: number, from: Buffer = body, sequence = 3): HandshakeFragment {
  return { type, length: from.length, sequence, offset, bytes: from.subarray(offset, end) };
}

const collector = (): ReturnType<typeof createMessageCollector> =>
  createMessageCollector({ firstSequence: 3, maxBytes: [100, 60] });

describe('collecting messages', () => {
  test('a message is put together from fragments of any size, in any order, overlapping and repeated', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 300; round++) {
      const messages = collector();
      const came = new Set<number>();
      let completed = 0;
      while (came.size < body.length) {
        const offset = random.pick(body.length);
        const end = offset + random.pick(body.length - offset + 1);
        const before = came.size;
        for (let at = offset; at < end; at++) came.add(at);
        const added = messages.add(part(offset, end));
        const isComplete = came.size === body.length;
        expect(added).toBe(
          isComplete && (before < body.length || (offset === 0 && end === body.length)) ? 3 : undefined,
        );
        if (added !== undefined) completed++;
      }
      expect(completed).toBe(1);
      expect(messages.get(3)).toMatchObject({ type, body });
      expect(messages.add(part(4, 20))).toBeUndefined();
    }
  });

  test('a message that fragmentsOf cut is put together again', () => {
    for (let size = 1; size <= body.length; size++) {
      const messages = collector();
      const fragments: (HandshakeFragment | undefined)[] = [];
      for (const each of fragmentsOf(handshakeMessage(type, 3, body), size))
        fragments.push(...readFragments(each));
      expect(fragments).toHaveLength(Math.ceil(body.length / size));
      for (const fragment of fragments.toReversed()) if (fragment) messages.add(fragment);
      expect(messages.get(3)?.body).toEqual(body);
    }
  });

  test.each([
    ['with two lengths by turns', (i: number) => 8_191 + (i % 2), 2],
    ['whole and in parts by turns', (i: number) => (i % 2 === 0 ? 1 : 8_192), 1],
    ['always longer', (i: number) => 2 + i, 14],
    ['always shorter', (i: number) => 8_192 - i, 1],
  ])(
    'a message that begins again 8,000 times, %s, is put together in the same memory',
    (_, lengthOf, most) => {
      const messages = createMessageCollector({ firstSequence: 3, maxBytes: [8_192] });
      const memories = new Set<ArrayBufferLike>();
      for (let i = 0; i < 8_000; i++) {
        const bytes = Buffer.alloc(lengthOf(i), i);
        const add = (offset: number, end: number): number | undefined =>
          messages.add({
            type,
            length: bytes.length,
            sequence: 3,
            offset,
            bytes: bytes.subarray(offset, end),
          });
        expect(add(0, 1)).toBe(bytes.length === 1 ? 3 : undefined);
        if (bytes.length === 1) continue;
        expect(messages.get(3)).toBeUndefined();
        expect(add(1, bytes.length)).toBe(3);
        const collected = messages.get(3)?.body ?? Buffer.alloc(0);
        if (!collected.equals(bytes)) expect.unreachable('something of an earlier message is left');
        memories.add(collected.buffer);
      }
      expect(memories.size).toBeLessThanOrEqual(most);
    },
  );

  test('the latest bytes hold, and add reports a complete message that changes', () => {
    const messages = collector();
    expect(messages.add(part(0, body.length, Buffer.alloc(body.length, 'x')))).toBe(3);
    expect(messages.add(part(0, 10))).toBe(3);
    expect(messages.add(part(10, body.length))).toBe(3);
    expect(messages.get(3)?.body).toEqual(body);
    expect(messages.add(part(0, body.length))).toBeUndefined();
  });

  test('another length or type begins the message again; an empty fragment does not', () => {
    const messages = collector();
    messages.add(part(0, 10));
    expect(messages.add({ ...part(0, 0), length: 20 })).toBeUndefined();
    expect(messages.add(part(10, body.length))).toBe(3);
    const shorter = body.subarray(0, 20);
    expect(messages.add(part(5, 20, shorter))).toBeUndefined();
    expect(messages.get(3)).toBeUndefined();
    expect(messages.add(part(0, 5, shorter))).toBe(3);
    expect(messages.get(3)?.body).toEqual(shorter);
  });

  test('an empty message is complete at once', () => {
    const messages = collector();
    expect(messages.add({ type, length: 0, sequence: 3, offset: 0, bytes: Buffer.alloc(0) })).toBe(3);
  });

  test('messages that are not due, or too long, are not kept', () => {
    const messages = collector();
    for (const [sequence, length] of [
      [2, 10],
      [5, 10],
      [3, 101],
      [4, 61],
    ] as const) {
      const whole = { type, length, sequence, offset: 0, bytes: Buffer.alloc(length) };
      expect(messages.add(whole)).toBeUndefined();
      expect(messages.get(sequence)).toBeUndefined();
    }
  });

  test('a message that was forgotten has to come again', () => {
    const messages = collector();
    messages.add(part(0, body.length));
    messages.forget(3);
    expect(messages.get(3)).toBeUndefined();
    expect(messages.add(part(0, body.length))).toBe(3);
  });
});
