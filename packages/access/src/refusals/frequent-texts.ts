/** Which of very many texts come most often, in little memory. */
export interface FrequentTexts {
  add(text: string): void;
  /** The most frequent ones, and how often each came at least. */
  top(count: number): readonly (readonly [text: string, atLeast: number])[];
}

/**
 * Misra and Gries' summary: whatever is more than one in `capacity` of all is among those that are kept, however many others there
 * are. A count falls short of the truth by that share at most, so that no count is above the true one.
 */
export function createFrequentTexts(capacity: number): FrequentTexts {
  const counts = new Map<string, number>();
  return {
    add(text) {
      const known = counts.get(text);
      if (known !== undefined || counts.size < capacity) {
        counts.set(text, (known ?? 0) + 1);
        return;
      }
      for (const [each, count] of counts)
        if (count === 1) counts.delete(each);
        else counts.set(each, count - 1);
    },
    top: (count) => [...counts].toSorted(([, a], [, b]) => b - a).slice(0, count),
  };
}
