import { lineFormat, type FrameFormat } from '@rollcall/adapter-kit';

/** How commands stand in what a device sends: a line each. All that reads them takes it from here. */
export function commandFormat(maxLineBytes: number): FrameFormat {
  return lineFormat(maxLineBytes);
}
