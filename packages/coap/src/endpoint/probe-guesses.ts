import { createDeadline, type Deadlines } from './deadlines.ts';

/** How often each peer answered a probe wrongly in recent time: it may be guessing. */
export interface ProbeGuesses {
  countOf(peerKey: unknown): number;
  /** Counts a wrong answer. Returns how many there are now. */
  add(peerKey: unknown, at: number): number;
}

/** @param keptMs how long after the first one they count. */
export function createProbeGuesses(deadlines: Deadlines, keptMs: number): ProbeGuesses {
  const byPeer = new Map<unknown, { count: number; readonly until: number }>();
  const expiry = createDeadline((at) => {
    for (const [key, { until }] of byPeer) {
      if (until > at) {
        deadlines.set(expiry, until);
        return;
      }
      byPeer.delete(key);
    }
  });
  return {
    countOf: (key) => byPeer.get(key)?.count ?? 0,
    add(key, at) {
      const guessed = byPeer.get(key) ?? { count: 0, until: at + keptMs };
      guessed.count++;
      byPeer.set(key, guessed);
      if (expiry.place === -1) deadlines.set(expiry, guessed.until);
      return guessed.count;
    },
  };
}
