import type { Clock, Log } from '@rollcall/core/environment';

/** Writes the lines of an outage. */
interface Outage {
  begins(cause: string): void;
  ends(): void;
}

/** What may be away of a database. */
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

/** The first of them is of interest: where it comes and goes, a line a minute is enough. */
const quietMs = 60_000;

/** Logs when an outage begins, and when it is over. Call the result with its cause whenever it is noticed, or with none. */
export function tellOfOutages(
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
