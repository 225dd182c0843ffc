import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { printable, printableJson } from '@rollcall/core/text';
import { openLogFile } from './log-file.ts';

/** Severities of lines that are shown: as words, or as pino's numbers from `warnLevel` on. */
const shownLevels: readonly unknown[] = ['warn', 'error', 'fatal'];
const warnLevel = 40;

/** Keeps everything that a child prints in a file, and shows its warnings and errors, each as one line. */
export function keepOutput(
  name: string,
  stdout: Readable,
  stderr: Readable,
  file: string,
  show: (line: string) => void,
): void {
  const log = openLogFile(file, { show });
  const [ofOutput, ofErrors] = [createInterface(stdout), createInterface(stderr)];
  ofOutput.on('line', (line) => {
    // The log of our own processes is escaped already; other output is not.
    log.keep(printableJson(line));
    const warning = warningIn(line);
    if (warning !== undefined) show(`[${name}] ${warning}`);
  });
  ofErrors.on('line', (line) => {
    const shown = printable(line);
    log.keep(shown);
    show(`[${name}] ${shown}`);
  });
  // Either may have lines after the other has ended: the reason of a crash, above all.
  let open = 2;
  for (const lines of [ofOutput, ofErrors])
    lines.on('close', () => {
      open -= 1;
      if (open === 0) log.end();
    });
}

/** The message of a log line that is a warning or worse. */
export function warningIn(line: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { level, msg, err, cause } = (parsed ?? {}) as Record<string, unknown>;
  const isShown = typeof level === 'number' ? level >= warnLevel : shownLevels.includes(level);
  if (!isShown || typeof msg !== 'string') return undefined;
  const why = typeof cause === 'string' ? cause : (err as { message?: unknown } | undefined)?.message;
  return typeof why === 'string' ? `${msg} (${why})` : msg;
}
