import { printable, type Log } from '@rollcall/core';

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Why the process cannot go on: lines of the log, where whoever collects it finds them. Whoever sits at a terminal reads plain lines
 * on standard error, and the log has them too only where it goes elsewhere.
 */
export function tellFatal(
  lines: readonly string[],
  facts: object,
  log: Pick<Log, 'error'>,
  { stdout, stderr }: { readonly stdout: Terminal; readonly stderr: Terminal },
): void {
  const isRead = stderr.isTTY === true;
  if (isRead) for (const line of lines) stderr.write(`${printable(line)}\n`);
  if (!isRead || stdout.isTTY !== true) for (const line of lines) log.error(facts, line);
}
