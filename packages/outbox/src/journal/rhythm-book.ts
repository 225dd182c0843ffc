import type { LearnedRhythm } from './learned-rhythm.ts';
import { takeFirst } from './take-first.ts';

/** What is known about one lease holder; `undefined`: it is forgotten. */
type RhythmChange = readonly [holder: string, learned: LearnedRhythm | undefined];

/** What was learned about lease holders, until it is stored. */
export interface RhythmBook {
  readonly size: number;
  learn(changes: readonly RhythmChange[]): void;
  /** The oldest changes, of up to `count` holders. */
  take(count: number): readonly RhythmChange[];
  /** The changes could not be stored, or the store lost them: what was learned since takes precedence. */
  putBack(taken: readonly RhythmChange[]): void;
}

export function createRhythmBook(): RhythmBook {
  const changes = new Map<string, LearnedRhythm | undefined>();
  return {
    get size() {
      return changes.size;
    },
    learn(learned) {
      for (const [holder, gaps] of learned) {
        // Put last: the holder that was heard last stands at the end.
        changes.delete(holder);
        changes.set(holder, gaps);
      }
    },
    take: (count) => takeFirst(changes, count),
    putBack(taken) {
      for (const [holder, gaps] of taken) if (!changes.has(holder)) changes.set(holder, gaps);
    },
  };
}
