import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { FrameCutter } from './frame-cutter.ts';
import { lengthPrefixFormat, lineFormat, type FrameFormat } from './frame-format.ts';
import { readFrames } from './read-frames.ts';

async function* inPieces(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** The frames as text, `too-long` as itself in capitals. */
async function framesIn(format: FrameFormat, ...pieces: readonly (string | Uint8Array)[]): Promise<string[]> {
  const found: string[] = [];
  for await (const cut of readFrames(inPieces(pieces.map((piece) => Buffer.from(piece))), format))
    found.push(cut.type === 'frame' ? Buffer.from(cut.bytes).toString() : 'TOO LONG');
  return found;
}

/** The length of a frame, in as many bytes, before it. */
function prefixed(lengthBytes: 1 | 2 | 4, text: string, length = Buffer.byteLength(text)): Uint8Array {
  const prefix = Buffer.alloc(lengthBytes);
  prefix.writeUIntBE(length, 0, lengthBytes);
  return Buffer.concat([prefix, Buffer.from(text)]);
}

describe('lines', () => {
  test('a line ends with its line feed, in whatever pieces it arrives', async () => {
    expect(await framesIn(lineFormat(16), 'o', 'ne', '\n', 'two\n\nthree\r\n')).toEqual([
      'one',
      'two',
      '',
      'three\r',
    ]);
  });

  test('bytes without a line feed are no line', async () => {
    expect(await framesIn(lineFormat(16), 'one\ntwo')).toEqual(['one']);
  });

  test('a line may have its limit and no byte more, and nothing comes after a longer one', async () => {
    expect(await framesIn(lineFormat(4), '1234\nbye\n')).toEqual(['1234', 'bye']);
    expect(await framesIn(lineFormat(4), 'one\n12345\nbye\n')).toEqual(['one', 'TOO LONG']);
    expect(await framesIn(lineFormat(4), '123', '45', '\nbye\n')).toEqual(['TOO LONG']);
  });
});

describe('frames with their length before them', () => {
  test.each([1, 2, 4] as const)('a length has %i bytes', async (lengthBytes) => {
    const format = lengthPrefixFormat({ lengthBytes, maxBytes: 200 });
    const long = 'x'.repeat(200);
    const bytes = Buffer.concat([
      prefixed(lengthBytes, 'one'),
      prefixed(lengthBytes, ''),
      prefixed(lengthBytes, long),
    ]);
    expect(await framesIn(format, bytes)).toEqual(['one', '', long]);
  });

  test('a length that is too great ends the stream before anything of the frame came', async () => {
    const format = lengthPrefixFormat({ lengthBytes: 4, maxBytes: 8 });
    expect(await framesIn(format, prefixed(4, 'one'), prefixed(4, '', 0xffff_ffff))).toEqual([
      'one',
      'TOO LONG',
    ]);
    expect(await framesIn(format, prefixed(4, '', 9))).toEqual(['TOO LONG']);
  });

  test('a frame that is cut off is none', async () => {
    expect(await framesIn(lengthPrefixFormat({ lengthBytes: 2, maxBytes: 8 }), prefixed(2, 'on', 3))).toEqual(
      [],
    );
  });
});

test.each([
  ['lines', lineFormat(40), Buffer.from('one\n\ntwo °°\n1234567890123456789012345678901234567890\nrest')],
  [
    'frames with a length',
    lengthPrefixFormat({ lengthBytes: 1, maxBytes: 40 }),
    Buffer.concat(['one', '', 'two °°', 'x'.repeat(40)].map((text) => prefixed(1, text))),
  ],
])('%s are the same in pieces of any size', async (_what, format, whole) => {
  const expected = await framesIn(format, whole);
  expect(expected).toHaveLength(4);
  const random = seededRandom(3);
  for (let i = 0; i < 200; i++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += pieces.at(-1)?.length ?? 0)
      pieces.push(whole.subarray(at, at + 1 + random.pick(8)));
    expect(await framesIn(format, ...pieces)).toEqual(expected);
  }
});

test('a frame without end is given up at the limit, and not when the stream ends', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; read < 1_000; read++) yield Buffer.from('xxxx');
  }
  const cuts: object[] = [];
  for await (const cut of readFrames(endless(), lineFormat(16))) cuts.push(cut);
  expect(cuts).toEqual([{ type: 'too-long' }]);
  expect(read).toBeLessThan(6);
});

test('nothing is read while a frame is handled', async () => {
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (; read < 10; read++) yield Buffer.from('one\n');
  }
  const frames = readFrames(counted(), lineFormat(16));
  await frames.next();
  await frames.next();
  expect(read).toBe(1);
});

test('bytes that come one by one are each looked at once', () => {
  let looked = 0;
  const format = lineFormat(10_000);
  const counted: FrameFormat = {
    maxHeldBytes: format.maxHeldBytes,
    boundsOf(bytes, searched) {
      looked += bytes.length - searched;
      return format.boundsOf(bytes, searched);
    },
  };
  const cutter = new FrameCutter(counted);
  for (let i = 0; i < 10_000; i++) expect([...cutter.cut(Buffer.from('x'))]).toEqual([]);
  const [cut] = cutter.cut(Buffer.from('\n'));
  expect(cut).toMatchObject({ type: 'frame', bytes: { length: 10_000 } });
  // And once more the empty rest behind the frame.
  expect(looked).toBe(10_001);
});

test('a frame of known length is looked at again once it is whole, or given up at once', () => {
  const asked: number[] = [];
  const format: FrameFormat = {
    maxHeldBytes: 8,
    boundsOf(bytes, searched) {
      asked.push(bytes.length, searched);
      if (bytes.length < 1) return undefined;
      const end = bytes[0] ?? 0;
      return bytes.length < end ? { wholeAt: end } : { start: 1, end, next: end };
    },
  };
  const cutter = new FrameCutter(format);
  for (const byte of [4, 1, 2]) expect([...cutter.cut(Uint8Array.of(byte))]).toEqual([]);
  expect(asked).toEqual([1, 0]);
  expect([...cutter.cut(Uint8Array.of(3))]).toMatchObject([{ type: 'frame' }]);
  // As if nothing had been searched, and then the empty rest.
  expect(asked).toEqual([1, 0, 4, 0, 0, 0]);
  expect([...cutter.cut(Uint8Array.of(9))]).toEqual([{ type: 'too-long' }]);
});

test('a frame that was given keeps its bytes, whatever comes later', () => {
  const cutter = new FrameCutter(lineFormat(16));
  const kept: Uint8Array[] = [];
  for (const piece of ['on', 'e\ntw', 'o\nthr', 'ee\n'])
    for (const cut of cutter.cut(Buffer.from(piece))) if (cut.type === 'frame') kept.push(cut.bytes);
  expect(kept.map((bytes) => Buffer.from(bytes).toString())).toEqual(['one', 'two', 'three']);
});

test('a cutter that gave up a stream takes nothing more of it', () => {
  const cutter = new FrameCutter(lineFormat(2));
  expect([...cutter.cut(Buffer.from('long\n'))]).toEqual([{ type: 'too-long' }]);
  expect([...cutter.cut(Buffer.from('ok\n'))]).toEqual([]);
});
