import { lineFormat, type FrameFormat } from '@rollcall/adapter-kit';

/** How requests stand in what a device sends: a line each. All that reads them takes it from here. */
export function requestFormat(maxLineBytes: number): FrameFormat {
  return lineFormat(maxLineBytes);
}
