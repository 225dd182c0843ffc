import type { LearnedGaps } from '@rollcall/outbox';
import type { LearnedRhythm } from '@rollcall/outbox/internal';
import type { Rhythm } from './rhythm.ts';

/** Rhythms of lease holders, also of those that hold no lease now. Bounded: the device that was silent longest is forgotten. */
export interface RhythmStore {
  get(holder: string): Rhythm;
  set(holder: string, rhythm: Rhythm): void;
  /** All that was learned, the holder heard last at the end. */
  learned(): readonly (readonly [holder: string, learned: LearnedRhythm])[];
  /** Rhythms that were learned or forgotten since the last call, for the journal. */
  takeChanges(): readonly (readonly [holder: string, learned: LearnedRhythm | undefined])[];
}

const nothingKnown: Rhythm = {};

/** @param recovered the rhythms of the journal, the holder heard last at the end. */
export function createRhythmStore(
  maxHolders: number,
  recovered: readonly (readonly [holder: string, learned: LearnedRhythm])[],
): RhythmStore {
  const rhythms = new Map<string, Rhythm>(
    recovered.map(([holder, learned]) => [holder, fromLearned(learned)]),
  );
  const changed = new Map<string, LearnedRhythm | undefined>();

  return {
    get: (holder) => rhythms.get(holder) ?? nothingKnown,
    set(holder, rhythm) {
      const before = rhythms.get(holder);
      if (before?.gaps !== rhythm.gaps || before?.closing !== rhythm.closing)
        changed.set(holder, toLearned(rhythm));
      // Put last: a Map keeps the order of insertion.
      rhythms.delete(holder);
      rhythms.set(holder, rhythm);
      if (rhythms.size <= maxHolders) return;
      const [oldest] = rhythms.keys();
      if (oldest === undefined) return;
      const { gaps, closing } = rhythms.get(oldest) ?? {};
      if (gaps ?? closing) changed.set(oldest, undefined);
      rhythms.delete(oldest);
    },
    learned: () =>
      [...rhythms].flatMap(([holder, rhythm]) => {
        const learned = toLearned(rhythm);
        return learned ? [[holder, learned] as const] : [];
      }),
    takeChanges() {
      const taken = [...changed];
      changed.clear();
      return taken;
    },
  };
}

const noGaps: LearnedGaps = { count: 0, meanMs: 0, deviationMs: 0, recentMs: [] };

/** The part of a rhythm that outlives the process; `undefined`: nothing. */
export function toLearned({ gaps, closing }: Rhythm): LearnedRhythm | undefined {
  return gaps || closing ? { ...(gaps ?? noGaps), ...(closing && { closing }) } : undefined;
}

/** The reverse of {@link toLearned}. */
export function fromLearned({ closing, ...gaps }: LearnedRhythm): Rhythm {
  return { ...(gaps.count > 0 && { gaps }), ...(closing && { closing }) };
}
