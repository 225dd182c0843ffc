import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { countedPayloadFormat, lineAndPayload } from './counted-payload-format.ts';
import { FrameCutter } from './frame-cutter.ts';
import type { FrameFormat } from './frame-format.ts';

/** `put 3` is followed by three bytes and a line feed; any other line by nothing. */
function payloadBytesOf(line: Uint8Array): number {
  const size = /^put (\d{1,9})\r?$/.exec(Buffer.from(line).toString('latin1'))?.[1];
  return size === undefined ? 0 : Number(size) + 1;
}

const format = countedPayloadFormat({ maxLineBytes: 16, maxPayloadBytes: 9, payloadBytesOf });

/** The frames as text, `too-long` as itself in capitals. */
function framesIn(pieces: readonly (string | Uint8Array)[], of: FrameFormat = format): string[] {
  const cutter = new FrameCutter(of);
  const found: string[] = [];
  for (const piece of pieces)
    for (const cut of cutter.cut(Buffer.from(piece)))
      found.push(cut.type === 'frame' ? Buffer.from(cut.bytes).toString('latin1') : 'TOO LONG');
  return found;
}

test('a frame is its line, its line feed and as many bytes as the line says', () => {
  expect(framesIn(['ping\nput 3\na\nb\nput 0\n\nping\n'])).toEqual([
    'ping\n',
    'put 3\na\nb\n',
    'put 0\n\n',
    'ping\n',
  ]);
});

test('a payload that arrives after its line belongs to it', () => {
  expect(framesIn(['put', ' 3', '\n', 'a', 'b', 'c', '\nping\n'])).toEqual(['put 3\nabc\n', 'ping\n']);
});

test('a frame that is cut off is none', () => {
  expect(framesIn(['put 3\nab'])).toEqual([]);
});

test.each([
  ['put 3\r\na\nb\n', 'put 3\r', 'a\nb\n'],
  ['ping\n', 'ping', ''],
])('%j is taken apart', (frame, line, payload) => {
  const parts = lineAndPayload(Buffer.from(frame));
  expect([Buffer.from(parts.line).toString(), Buffer.from(parts.payload).toString()]).toEqual([
    line,
    payload,
  ]);
});

describe('bounds', () => {
  test('a line may have its limit and no byte more', () => {
    expect(framesIn(['x'.repeat(16), '\nping\n'])).toEqual([`${'x'.repeat(16)}\n`, 'ping\n']);
    expect(framesIn(['x'.repeat(17)])).toEqual(['TOO LONG']);
    expect(framesIn([`${'x'.repeat(17)}\nping\n`])).toEqual(['TOO LONG']);
  });

  test('a payload may have its limit, and a longer one ends the stream before anything of it came', () => {
    expect(framesIn(['put 8\n', '12345678\n'])).toEqual(['put 8\n12345678\n']);
    expect(framesIn(['ping\n', 'put 9\n', 'ping\n'])).toEqual(['ping\n', 'TOO LONG']);
    expect(framesIn(['put 999999999\n'])).toEqual(['TOO LONG']);
  });

  test.each([-1, -0.5, 1.5, NaN, Infinity, 2 ** 32, 2 ** 53])('%d is no size: the stream ends', (size) => {
    const hostile = countedPayloadFormat({
      maxLineBytes: 16,
      maxPayloadBytes: 9,
      payloadBytesOf: () => size,
    });
    expect(framesIn(['ping\nping\n'], hostile)).toEqual(['TOO LONG']);
  });

  test('a payload that comes byte by byte has its line read twice, however long it is', () => {
    let read = 0;
    const counted = countedPayloadFormat({
      maxLineBytes: 16,
      maxPayloadBytes: 100_000,
      payloadBytesOf(line) {
        read += 1;
        return payloadBytesOf(line);
      },
    });
    const cutter = new FrameCutter(counted);
    const payload = 10_000;
    let frames = 0;
    for (const byte of Buffer.from(`put ${payload}\n${'\n'.repeat(payload + 1)}`))
      for (const cut of cutter.cut(Uint8Array.of(byte))) frames += cut.type === 'frame' ? 1 : 0;
    expect([frames, read]).toEqual([1, 2]);
  });
});

test('frames are the same in pieces of any size', () => {
  const random = seededRandom(15);
  for (let round = 0; round < 200; round++) {
    const frames = Array.from({ length: 1 + random.pick(9) }, () => {
      const size = random.pick(9);
      return random.pick(2) === 0
        ? Buffer.from('ping\n')
        : Buffer.concat([Buffer.from(`put ${size}\n`), random.bytes(size), Buffer.from('\n')]);
    });
    const whole = Buffer.concat(frames);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += pieces.at(-1)?.length ?? 0)
      pieces.push(whole.subarray(at, at + 1 + random.pick(8)));
    expect(framesIn(pieces)).toEqual(frames.map((frame) => frame.toString('latin1')));
  }
});

test('any bytes are frames within the bounds, and nothing after the stream is given up', () => {
  const random = seededRandom(16);
  const alphabet = ['put ', '9', '1', '0', '\n', '\r', ' ', '-', 'x', 'put 3\n', '\u0000'];
  let givenUp = 0;
  for (let round = 0; round < 500; round++) {
    const pieces = Array.from(
      { length: random.pick(40) },
      () => alphabet[random.pick(alphabet.length)] ?? '',
    );
    const found = framesIn(pieces);
    const cuts = found.filter((each) => each !== 'TOO LONG');
    // What was cut is what was said, in its order and without a gap.
    expect(pieces.join('').startsWith(cuts.join(''))).toBe(true);
    for (const cut of cuts) expect(cut.length).toBeLessThanOrEqual(16 + 1 + 9);
    if (cuts.length < found.length) {
      givenUp += 1;
      expect(found.slice(cuts.length)).toEqual(['TOO LONG']);
    }
  }
  expect(givenUp).toBeGreaterThan(10);
});
