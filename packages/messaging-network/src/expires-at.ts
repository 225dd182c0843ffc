/** The parts of a message that limit its lifetime (AMQP 1.0 §3.2.1, §3.2.4). */
export interface Lifetime {
  /** Milliseconds, counted from its arrival. */
  readonly ttl?: unknown;
  readonly absolute_expiry_time?: unknown;
}

/** When a message that arrives now expires, in wall-clock milliseconds: the earlier of the two. `undefined`: never. */
export function expiresAt(
  { ttl, absolute_expiry_time: absolute }: Lifetime,
  now: number,
): number | undefined {
  const ends = [
    ...(typeof ttl === 'number' ? [now + ttl] : []),
    ...(typeof absolute === 'number' || absolute instanceof Date ? [Number(absolute)] : []),
  ].filter((end) => Number.isSafeInteger(end));
  return ends.length === 0 ? undefined : Math.min(...ends);
}
