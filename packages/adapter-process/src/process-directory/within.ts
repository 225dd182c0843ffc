import { later, type Clock } from '@rollcall/core/environment';

/** What the work comes to, or `undefined` where that takes longer. */
export async function within<Value>(
  clock: Clock,
  ms: number,
  work: Promise<Value>,
): Promise<Value | undefined> {
  let disarm = (): void => {};
  const over = new Promise<undefined>((resolve) => {
    disarm = clock.at(later(clock.monotonic(), ms), () => resolve(undefined));
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    disarm();
  }
}
