import { silentLog, type Log } from '@rollcall/core';

/** Warnings and errors of a library as lines for people, each with its cause. */
export function terminalLog(tell: (line: string) => void): Log {
  const say = (facts: object, message: string): void => {
    const { cause, err } = facts as { readonly cause?: unknown; readonly err?: unknown };
    const why = typeof cause === 'string' ? cause : err instanceof Error ? err.message : undefined;
    tell(why === undefined ? message : `${message} (${why})`);
  };
  return { ...silentLog, warn: say, error: say };
}
