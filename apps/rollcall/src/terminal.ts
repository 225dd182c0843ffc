import { printable, printableJson } from '@rollcall/core';

interface Terminal {
  write(text: string): unknown;
}

/** Tells people something in one line, whoever's words are in it. */
export function teller(terminal: Terminal): (line: string) => void {
  return (line) => void terminal.write(`${printable(line)}\n`);
}

/** A value as one line of JSON that does no harm in a terminal. */
export function jsonLine(value: unknown): string {
  return printableJson(JSON.stringify(value));
}

/** What went wrong, for people. */
export function inOneLine(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
