import type { DestinationStream } from 'pino';
import sonicBoom from 'sonic-boom';

export interface StandardOutputOptions {
  /** Called when lines that were left out can be told: what waited before them was written. */
  readonly dropped: (lines: number) => void;
  /** Default: that of standard output. */
  readonly fd?: number;
  /** How many bytes may wait for a reader that is slow or stands still. What comes then is left out. */
  readonly maxWaitingBytes?: number;
}

const defaultMaxWaitingBytes = 16 * 2 ** 20;
/** Of sonic-boom, 100 ms apart: what waits when the process exits has a second. */
const triesAtExit = 10;

/**
 * Writes lines to standard output, off the thread that serves devices. When its reader has closed it, lines are dropped: nobody is left
 * who could be told, and the process goes on. A reader that stands still neither fills the memory nor keeps the process from its exit.
 */
export function openStandardOutput({
  dropped,
  fd = 1,
  maxWaitingBytes = defaultMaxWaitingBytes,
}: StandardOutputOptions): DestinationStream {
  let tries = 0;
  let isExiting = false;
  let isClosed = false;
  let leftOut = 0;
  const stream = new sonicBoom.SonicBoom({
    ...{ fd, sync: false, maxLength: maxWaitingBytes },
    retryEAGAIN: () => !isExiting || ++tries < triesAtExit,
  });
  stream.on('error', () => {
    isClosed = true;
  });
  stream.on('drop', () => {
    leftOut += 1;
  });
  stream.on('drain', () => {
    const lines = leftOut;
    leftOut = 0;
    if (lines > 0) dropped(lines);
  });
  process.on('exit', () => {
    isExiting = true;
    if (isClosed) return;
    try {
      stream.flushSync();
    } catch {
      // Its reader has gone, or reads no more.
    }
  });
  return {
    write: (line) => {
      if (!isClosed) stream.write(line);
    },
  };
}
