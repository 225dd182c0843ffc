import { setImmediate as nextTurn } from 'node:timers/promises';

/** The result of one transaction that forgets some connections of a device. */
export interface Forgotten {
  readonly wasKnown: boolean;
  readonly isMore: boolean;
}

/** Forgets a device in portions: it may have many connections, and the events of other devices must not wait until all are deleted. */
export async function forgetAll(some: () => Promise<Forgotten>): Promise<boolean> {
  let wasKnown = false;
  for (;;) {
    const forgotten = await some();
    wasKnown ||= forgotten.wasKnown;
    if (!forgotten.isMore) return wasKnown;
    await nextTurn();
  }
}
