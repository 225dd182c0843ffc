import { ConfigError, printable, TransportError } from '@rollcall/core';

/**
 * Runs the main function of an adapter process. What an operator can mend is told in plain lines on standard error:
 * a bad configuration ends the process with status 2, a port or network that cannot be had with status 1.
 */
export async function runProcess(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) process.stderr.write(`configuration: ${printable(problem)}\n`);
      process.exit(2);
    }
    if (error instanceof TransportError) {
      process.stderr.write(`${printable(error.message)}\n`);
      process.exit(1);
    }
    throw error;
  }
}
