/** Hono's cap, whatever a service or an operator says. */
const maxSeconds = 86_400;
/** The statuses whose answers may be kept if the service does not say (RFC 7231 §6.1), among those that Hono keeps. */
const cacheable: ReadonlySet<number> = new Set([200, 203, 206, 300, 301, 410]);

/**
 * For how many milliseconds an answer may be kept, as in Hono (`docs/hono-compatibility.md` §17).
 *
 * @param cacheControl e.g. `max-age = 180` or `no-cache`; absent: the service does not say.
 * @param keepSeconds the longest time, which also holds if the service does not say.
 */
export function keepForMs(status: number, cacheControl: string | undefined, keepSeconds: number): number {
  const longest = Math.min(keepSeconds, maxSeconds);
  if (cacheControl === undefined) return cacheable.has(status) ? longest * 1_000 : 0;
  const [, seconds] = /^\s*max-age\s*=\s*(\d{1,10})\s*$/i.exec(cacheControl) ?? [];
  // A value that is not understood does not permit to keep the answer.
  return seconds === undefined ? 0 : Math.min(Number(seconds), longest) * 1_000;
}
