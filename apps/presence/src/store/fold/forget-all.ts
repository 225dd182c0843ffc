import { setImmediate as nextTurn } from 'node:timers/promises';

/** What was forgotten of a device in one transaction. */
export interface Forgotten {
  readonly wasKnown: boolean;
  readonly isMore: boolean;
}

/** Forgets in portions: a device that came and went for weeks has many connections, and other devices must not wait for all of them. */
export async function forgetAll(some: () => Promise<Forgotten>): Promise<boolean> {
  let wasKnown = false;
  for (;;) {
    const forgotten = await some();
    wasKnown ||= forgotten.wasKnown;
    if (!forgotten.isMore) return wasKnown;
    await nextTurn();
  }
}
