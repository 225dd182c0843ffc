import type { LearnedGaps, Rhythm } from './rhythm.ts';

/** Rhythms of lease holders, also of those that hold no lease now. Bounded: whoever was not heard for longest is forgotten. */
export interface RhythmStore {
  get(holder: string): Rhythm;
  set(holder: string, rhythm: Rhythm): void;
  /** What was learned or forgotten since the last call, for the journal. */
  takeChanges(): readonly (readonly [holder: string, gaps: LearnedGaps | undefined])[];
}

const nothingKnown: Rhythm = {};

/** @param recovered what the journal has, the holder heard last at the end. */
export function createRhythmStore(
  maxHolders: number,
  recovered: readonly (readonly [holder: string, gaps: LearnedGaps])[],
): RhythmStore {
  const rhythms = new Map<string, Rhythm>(recovered.map(([holder, gaps]) => [holder, { gaps }]));
  const changed = new Map<string, LearnedGaps | undefined>();

  return {
    get: (holder) => rhythms.get(holder) ?? nothingKnown,
    set(holder, rhythm) {
      const before = rhythms.get(holder);
      if (before?.gaps !== rhythm.gaps) changed.set(holder, rhythm.gaps);
      // Put last: a Map keeps the order of insertion.
      rhythms.delete(holder);
      rhythms.set(holder, rhythm);
      if (rhythms.size <= maxHolders) return;
      const [oldest] = rhythms.keys();
      if (oldest === undefined) return;
      if (rhythms.get(oldest)?.gaps) changed.set(oldest, undefined);
      rhythms.delete(oldest);
    },
    takeChanges() {
      const taken = [...changed];
      changed.clear();
      return taken;
    },
  };
}
