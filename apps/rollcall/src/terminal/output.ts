import type { Writable } from 'node:stream';

/** Resolves once everything is written, also into a pipe whose reader takes its time, or once it cannot be written. */
export function writtenOut(output: Writable): Promise<void> {
  return new Promise((resolve) => output.write('', () => resolve()));
}

/**
 * Ends the command once its output cannot be written. Where its reader has gone, as with `tail | head`, there is no one to tell.
 *
 * @param exit without a status: that of what the command did so far.
 */
export function endWithOutput(
  output: Writable,
  tell: (line: string) => void,
  exit: (status?: number) => void,
): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      exit();
      return;
    }
    tell(`the output cannot be written (${error.code ?? error.message})`);
    exit(1);
  });
}
