/** Times as people of one time zone read them. */
export interface Times {
  /** `12:03:41` on the day of `nowMs`, else `28 Nov 12:03:41`; with the year where it is another. */
  short(atMs: number, nowMs: number): string;
  /** `28 Nov 2026 12:03:41 UTC+1`. */
  full(atMs: number): string;
  /** `2026-11-28T12:03:41`, for a field of a form. */
  field(atMs: number): string;
}

/** @param timeZone as the IANA names it; absent: that of the reader. */
export function timesIn(timeZone?: string): Times {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone !== undefined && { timeZone }),
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  const numbers = new Intl.DateTimeFormat('sv-SE', {
    ...(timeZone !== undefined && { timeZone }),
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const partsOf = (atMs: number): Readonly<Record<string, string>> =>
    Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return {
    short(atMs, nowMs) {
      const at = partsOf(atMs);
      const now = partsOf(nowMs);
      const time = `${at['hour']}:${at['minute']}:${at['second']}`;
      if (at['year'] !== now['year']) return `${at['day']} ${at['month']} ${at['year']} ${time}`;
      const isToday = at['day'] === now['day'] && at['month'] === now['month'];
      return isToday ? time : `${at['day']} ${at['month']} ${time}`;
    },
    full(atMs) {
      const at = partsOf(atMs);
      return `${at['day']} ${at['month']} ${at['year']} ${at['hour']}:${at['minute']}:${at['second']} ${at['timeZoneName']}`;
    },
    field: (atMs) => numbers.format(atMs).replace(' ', 'T'),
  };
}
