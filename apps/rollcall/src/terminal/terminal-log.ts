import { silentLog, type Log } from '@rollcall/core/environment';

/** Warnings and errors of a library as lines for people, each with its cause. */
export function terminalLog(tell: (line: string) => void): Log {
  const say = (facts: object, message: string): void => {
    const why = reasonIn(facts as Readonly<Record<string, unknown>>);
    tell(why === undefined ? message : `${message} (${why})`);
  };
  return { ...silentLog, warn: say, error: say };
}

/** What people need of the facts of a log line: the cause, what a library printed, how often. */
function reasonIn(facts: Readonly<Record<string, unknown>>): string | undefined {
  const { cause, err, text, untold } = facts;
  if (err instanceof Error) return typeof cause === 'string' ? cause : err.message;
  const first = [cause, text, untold].find((fact) => typeof fact === 'string' || typeof fact === 'number');
  return first === undefined ? undefined : String(first).split('\n', 1)[0];
}
