import { isUtf8 } from 'node:buffer';
import { lineFormat, type FrameFormat } from '@rollcall/adapter-kit/arrival';

/** How requests stand in what a device sends: a line each. All that reads them takes it from here. */
export function requestFormat(maxRequestBytes: number): FrameFormat {
  return lineFormat(maxRequestBytes);
}

/**
 * What makes a whole frame worthless, whatever is in it: here that it is no UTF-8. A checksum belongs here too: a frame is
 * asked once, when it arrives.
 */
export function frameProblem(frame: Uint8Array): string | undefined {
  return isUtf8(frame) ? undefined : 'not UTF-8';
}
