import type { Log } from '@rollcall/core/environment';
import { printable } from '@rollcall/core/text';

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One of the last lines of a process. */
export interface FatalLine {
  /** See `docs/errors.md`. */
  readonly code: string;
  readonly text: string;
}

/**
 * Says why the process cannot go on. The lines go to the log. Where standard error is a terminal, someone reads them there, as
 * plain text; the log then has them too only if it goes elsewhere.
 */
export function tellFatal(
  lines: readonly FatalLine[],
  facts: object,
  log: Pick<Log, 'error'>,
  { stdout, stderr }: { readonly stdout: Terminal; readonly stderr: Terminal },
): void {
  const isRead = stderr.isTTY === true;
  if (isRead) for (const { text } of lines) stderr.write(`${printable(text)}\n`);
  if (!isRead || stdout.isTTY !== true)
    for (const { code, text } of lines) log.error({ code, ...facts }, text);
}
