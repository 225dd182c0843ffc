import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { lengthPrefixedFrame, utf8Within } from './encode-frame.ts';
import { FrameCutter } from './frame-cutter.ts';
import { lengthPrefixFormat } from './frame-format.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const decoder = new TextDecoder('utf-8', { fatal: true });

describe('a length-prefixed frame', () => {
  test('is read as it was written, whatever its length has', () => {
    const random = seededRandom(15);
    for (const lengthBytes of [1, 2, 4] as const) {
      const prefix = { lengthBytes, maxBytes: 255 };
      const contents = [0, 1, 255, ...Array.from({ length: 50 }, () => random.pick(256))].map((length) =>
        random.bytes(length),
      );
      const stream = Buffer.concat(contents.map((content) => lengthPrefixedFrame(content, prefix)));
      const cuts = [...new FrameCutter(lengthPrefixFormat(prefix)).cut(stream)];
      expect(cuts.map((cut) => (cut.type === 'frame' ? hex(cut.bytes) : cut.type))).toEqual(
        contents.map(hex),
      );
    }
  });

  test('has its length first, the greatest byte of it first', () => {
    const content = new Uint8Array(258).fill(7);
    const frame = lengthPrefixedFrame(content, { lengthBytes: 4, maxBytes: 1_000 });
    expect([...frame.subarray(0, 5)]).toEqual([0, 0, 1, 2, 7]);
    expect(frame.length).toBe(262);
  });

  test.each([
    [{ lengthBytes: 1, maxBytes: 1_000 }, 256],
    [{ lengthBytes: 2, maxBytes: 8 }, 9],
  ] as const)('is not written where its content does not fit: %o, %i bytes', (prefix, length) => {
    expect(() => lengthPrefixedFrame(new Uint8Array(length), prefix)).toThrow(RangeError);
    expect(lengthPrefixedFrame(new Uint8Array(length - 1), prefix)).toBeDefined();
  });
});

describe('a text within bounds', () => {
  test.each([
    ['Zürich', 7, 'Zürich'],
    ['Zürich', 2, 'Z'],
    ['Zürich', 3, 'Zü'],
    ['🌡 21', 3, ''],
    ['🌡 21', 4, '🌡'],
    ['🌡 21', 0, ''],
    ['', 9, ''],
  ])('%j in %i bytes is %j', (text, maxBytes, cut) => {
    expect(decoder.decode(utf8Within(text, maxBytes))).toBe(cut);
  });

  test('is UTF-8, fits, and loses no more than one character too many', () => {
    const random = seededRandom(16);
    const characters = ['a', 'ü', '€', '🌡', '\u0000'];
    for (let tries = 0; tries < 500; tries += 1) {
      const text = Array.from({ length: random.pick(20) }, () => characters[random.pick(5)]).join('');
      const maxBytes = random.pick(40);
      const bytes = utf8Within(text, maxBytes);
      expect(bytes.length).toBeLessThanOrEqual(maxBytes);
      const kept = decoder.decode(bytes);
      expect(text.startsWith(kept)).toBe(true);
      const [next = ''] = text.slice(kept.length);
      if (next !== '') expect(bytes.length + Buffer.byteLength(next)).toBeGreaterThan(maxBytes);
    }
  });

  test('has no half of a character: U+FFFD stands for it', () => {
    expect(decoder.decode(utf8Within('a\ud83c', 9))).toBe('a\ufffd');
  });
});
