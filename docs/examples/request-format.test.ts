import { FrameCutter } from '@rollcall/adapter-kit/arrival';
import { expect, test } from 'vitest';
import { requestFormat } from './request-format.ts';

/** The frames as text, `too-long` as itself in capitals. */
function framesIn(...pieces: readonly string[]): string[] {
  const cutter = new FrameCutter(requestFormat(4));
  const found: string[] = [];
  for (const piece of pieces)
    for (const cut of cutter.cut(Buffer.from(piece)))
      found.push(cut.type === 'frame' ? Buffer.from(cut.bytes).toString() : 'TOO LONG');
  return found;
}

test('a frame ends with a zero byte, in whatever pieces it arrives', () => {
  expect(framesIn('one\0tw', 'o', '\0\0rest')).toEqual(['one', 'two', '']);
});

test('a line feed between two frames is a frame without bytes; within one it is part of it', () => {
  expect(framesIn('a\nb\0\n', '\n', 'c\0')).toEqual(['a\nb', '', '', 'c']);
});

test('a frame may have its limit and no byte more', () => {
  expect(framesIn('1234\0')).toEqual(['1234']);
  expect(framesIn('12345\0one\0')).toEqual(['TOO LONG']);
  expect(framesIn('123', '45')).toEqual(['TOO LONG']);
});
