import { printableJson } from '@rollcall/core';
import { pino, type DestinationStream, type Logger } from 'pino';

export interface LogOptions {
  /** Of the process. */
  readonly name: string;
  readonly level: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * The log of a process: JSON, a line each. Whatever stands in it is escaped: it may be read in a terminal, and pino leaves most of
 * what moves a cursor or turns text round as it is.
 */
export function createLog({ name, level, destination }: LogOptions): Logger {
  const options = { name, level, hooks: { streamWrite: printableJson } };
  return destination === undefined ? pino(options) : pino(options, destination);
}
