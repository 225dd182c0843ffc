import { FrameCutter, type Cut } from './frame-cutter.ts';
import type { FrameFormat } from './frame-format.ts';

/**
 * The frames of a stream, one at a time: nothing is read while one is handled. A frame that is not complete when the stream ends
 * is left out. After `too-long` nothing follows.
 */
export async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  format: FrameFormat,
): AsyncGenerator<Cut, void, undefined> {
  const cutter = new FrameCutter(format);
  for await (const chunk of chunks) {
    for (const cut of cutter.cut(chunk)) {
      yield cut;
      if (cut.type === 'too-long') return;
    }
  }
}
