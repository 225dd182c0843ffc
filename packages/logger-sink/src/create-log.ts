import { printableJson } from '@rollcall/core';
import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export interface LogOptions {
  /** Of the process. */
  readonly name: string;
  readonly level: string;
  /**
   * How severity and time are written: `words` (default), as `"level":"info"` and RFC 3339, or `numbers`, as pino does by itself
   * (`30`, milliseconds since the Unix epoch).
   */
  readonly format?: 'words' | 'numbers';
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

const words: LoggerOptions = {
  formatters: { level: (label) => ({ level: label }) },
  timestamp: stdTimeFunctions.isoTime,
};

/**
 * The log of a process: JSON, a line each. Whatever stands in it is escaped: it may be read in a terminal, and pino leaves most of
 * what moves a cursor or turns text round as it is.
 */
export function createLog({ name, level, format = 'words', destination }: LogOptions): Logger {
  const options = {
    name,
    level,
    hooks: { streamWrite: printableJson },
    ...(format === 'words' && words),
  };
  return pino(options, destination ?? standardOutput());
}

/** A terminal that has closed ends the log, and nothing else: pino would throw, and at exit try to write for ever. */
function standardOutput(): DestinationStream {
  const stream = pino.destination(1);
  stream.on('error', () => {
    const nothing = (): void => {};
    Object.assign(stream, { write: nothing, end: nothing, flushSync: nothing, destroy: nothing });
  });
  return stream;
}
