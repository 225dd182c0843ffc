import { printable, printableJson } from '@rollcall/core';

interface Terminal {
  write(text: string): unknown;
}

/** Writes lines for people. Characters that would do harm in a terminal are escaped. */
export function teller(terminal: Terminal): (line: string) => void {
  return (line) => void terminal.write(`${printable(line)}\n`);
}

/** A value as one line of JSON that does no harm in a terminal. */
export function jsonLine(value: unknown): string {
  return printableJson(JSON.stringify(value));
}

/** The message of an error, for people. */
export function inOneLine(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
