import { ConfigError } from '@rollcall/core';
import { printable, printableJson } from '@rollcall/core/text';

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

/** The same in lines that a person can read. */
export function jsonLines(value: unknown): readonly string[] {
  return JSON.stringify(value, undefined, 2).split('\n').map(printableJson);
}

/** What an error says, for people: each mistake of a configuration in a line of its own. */
export function inLines(error: unknown): readonly string[] {
  return error instanceof ConfigError ? error.problems : [inOneLine(error)];
}

/** The message of an error, for people. */
export function inOneLine(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why a request failed, for people: what `fetch` knows of it stands in the cause of its error. */
export function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  return inOneLine(cause instanceof Error && cause.message !== '' ? cause : error);
}
