import { printableJson } from '@rollcall/core/text';
import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export interface LogOptions {
  /** Name of the process. */
  readonly name: string;
  readonly level: string;
  /**
   * How severity and time are written. `words` (default): `"level":"info"` and RFC 3339. `numbers`: as pino does by default (`30`,
   * milliseconds since the Unix epoch).
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
 * The log of a process: one line of JSON for each entry. Characters that could move a cursor or change the direction of text are
 * escaped, since a log is read in terminals. pino leaves most of them as they are.
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

/** When standard output was closed, lines are dropped. Otherwise pino would throw, and try to write for ever at exit. */
function standardOutput(): DestinationStream {
  const stream = pino.destination(1);
  stream.on('error', () => {
    const nothing = (): void => {};
    Object.assign(stream, { write: nothing, end: nothing, flushSync: nothing, destroy: nothing });
  });
  return stream;
}
