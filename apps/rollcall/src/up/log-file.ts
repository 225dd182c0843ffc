import { createWriteStream, type WriteStream } from 'node:fs';
import type { Instant } from '@rollcall/core';
import { later, systemClock, type Clock } from '@rollcall/core/environment';

/** The largest log file of one run. */
const maxLogBytes = 50 * 1024 * 1024;
/** How soon a file is opened again that could not be written. */
const againAfterMs = 5_000;

interface LogFileOptions {
  /** Shows people a line. */
  readonly show: (line: string) => void;
  readonly clock?: Pick<Clock, 'monotonic'>;
}

/** Lines of text in a file. */
export interface LogFile {
  keep(line: string): void;
  end(): void;
}

/**
 * Appends to a log file. If that fails, as on a full disk, its lines are lost until it can be written again: what is logged matters
 * more than the log.
 */
export function openLogFile(file: string, { show, clock = systemClock }: LogFileOptions): LogFile {
  let writtenBytes = 0;
  let isFailing = false;
  let againAt: Instant | undefined;
  let stream: WriteStream | undefined = open();

  function open(): WriteStream {
    const opened = createWriteStream(file, { flags: 'a' });
    // A stream that failed writes no more.
    opened.on('error', ({ message }) => {
      stream = undefined;
      againAt = later(clock.monotonic(), againAfterMs);
      if (!isFailing) show(`a log cannot be written, and its lines are lost until it can: ${message}`);
      isFailing = true;
    });
    return opened;
  }

  function written(error: Error | null | undefined): void {
    if (error || !isFailing) return;
    isFailing = false;
    show(`the log ${file} is written again`);
  }

  return {
    keep(line) {
      if (writtenBytes > maxLogBytes) return;
      if (againAt !== undefined && clock.monotonic() >= againAt) {
        againAt = undefined;
        stream = open();
      }
      if (!stream) return;
      writtenBytes += line.length + 1;
      stream.write(`${line}\n`, written);
    },
    end: () => stream?.end(),
  };
}
