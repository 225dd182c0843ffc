import type { Clock, Log } from '@rollcall/core/environment';

/** The log lines of an outage. */
interface Outage {
  begins(cause: string): void;
  ends(): void;
}

/** The kinds of outages of a database. */
export const outages = {
  ofDatabase: (log) => ({
    begins: (cause) =>
      log.error(
        { cause },
        'the database of the registry cannot be reached: whoever asks is told to come again',
      ),
    ends: () => log.info({}, 'the database of the registry answers again'),
  }),
  ofWrites: (log) => ({
    begins: (cause) =>
      log.error(
        { cause },
        'the registry cannot write to its database: changes are refused, and everything else is answered',
      ),
    ends: () => log.info({}, 'the registry can write to its database again'),
  }),
} as const satisfies Record<string, (log: Log) => Outage>;

/** If an outage comes and goes, one line a minute is enough. */
const quietMs = 60_000;

/** Logs when an outage begins, and when it ends. @returns a function to call with its cause, or without one if there is no outage. */
export function logOutages(
  outage: Outage,
  clock: Pick<Clock, 'monotonic'>,
): (cause: string | undefined) => void {
  let isTold = false;
  let toldAt = -Infinity;
  return (cause) => {
    if (cause === undefined) {
      if (isTold) outage.ends();
      isTold = false;
      return;
    }
    const now = clock.monotonic();
    if (isTold || now - toldAt < quietMs) return;
    isTold = true;
    toldAt = now;
    outage.begins(cause);
  };
}
