import type { Log } from '@rollcall/core';
import { jsonLine } from './terminal.ts';

const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const;

/** Lines as pino writes them, to standard output. */
export function jsonLog(name: string): Log {
  const write =
    (level: keyof typeof levels) =>
    (facts: object, msg: string): void => {
      const plain = Object.fromEntries(
        Object.entries(facts).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
      );
      process.stdout.write(`${jsonLine({ level: levels[level], time: Date.now(), name, ...plain, msg })}\n`);
    };
  return { debug() {}, info: write('info'), warn: write('warn'), error: write('error') };
}
