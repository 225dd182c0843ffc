/** Version, counter, time in ms, and from which epoch on events may not be sent. */
const pattern = /^\d \d+ \d+ ([0-9a-f]{16})(?: |$)/;

/** From which epoch on the events of an incarnation may not be sent. `undefined`: the text is not a sign of life. */
export function unconfirmedSinceIn(sign: unknown): string | undefined {
  return typeof sign === 'string' ? pattern.exec(sign)?.[1] : undefined;
}
