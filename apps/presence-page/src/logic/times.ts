/** Times as people of one time zone read them. */
export interface Times {
  /** `12:03:41` on the day of `nowMs`, else `28 Nov 12:03:41`; with the year where it is another. */
  short(atMs: number, nowMs: number): string;
  /** `28 Nov 2026 12:03:41 UTC+1`. */
  full(atMs: number): string;
  /** `28 Nov`. */
  day(atMs: number): string;
  /** `2026-11-28T12:03:41`, for a field of a form. */
  field(atMs: number): string;
  /** What such a field says, in milliseconds since 1970; `NaN`: nothing. */
  fromField(text: string): number;
  /** By how much clocks there are ahead of UTC at that time. */
  offsetMs(atMs: number): number;
  /** `Europe/Berlin, UTC+1`: that of the offset at that time. */
  zone(atMs: number): string;
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
  const field = (atMs: number): string => numbers.format(atMs).replace(' ', 'T');
  const offsetMs = (atMs: number): number =>
    Number.isNaN(atMs) ? Number.NaN : Date.parse(`${field(atMs)}Z`) - Math.floor(atMs / 1_000) * 1_000;
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
    day: (atMs) => `${partsOf(atMs)['day']} ${partsOf(atMs)['month']}`,
    field,
    fromField(text) {
      const atMs = Date.parse(`${text}Z`);
      // The offset of that time, and not that of the time which is called so in UTC; at the turn of the clocks they differ.
      return atMs - offsetMs(atMs - offsetMs(atMs));
    },
    offsetMs,
    zone(atMs) {
      const name = format.resolvedOptions().timeZone;
      const offset = offsetInWords(offsetMs(atMs));
      return name === 'UTC' ? name : `${name}, ${offset}`;
    },
  };
}

function offsetInWords(ms: number): string {
  const minutes = Math.abs(ms) / 60_000;
  const rest = minutes % 60 === 0 ? '' : `:${String(minutes % 60).padStart(2, '0')}`;
  return ms === 0 ? 'UTC' : `UTC${ms < 0 ? '−' : '+'}${Math.floor(minutes / 60)}${rest}`;
}
