import { printableJson } from '@rollcall/core/text';
import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { openStandardOutput } from './standard-output.ts';

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
  if (destination) return pino(options, destination);
  const output = openStandardOutput({
    dropped: (lines) =>
      log.warn(
        { code: 'LOG_LINES_LEFT_OUT', lines },
        'the log is not read as fast as it is written: lines were left out',
      ),
  });
  const log = pino(options, output);
  return log;
}
