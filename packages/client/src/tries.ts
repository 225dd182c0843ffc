/** How often each event failed. Bounded: the one that failed longest ago is forgotten, and counts from zero again. */
export interface Tries {
  /** Counts one more failure. @returns how many there were. */
  failed(id: string): number;
  forget(id: string): void;
}

export function createTries(max: number): Tries {
  const counts = new Map<string, number>();
  return {
    failed(id) {
      const count = (counts.get(id) ?? 0) + 1;
      counts.delete(id);
      counts.set(id, count);
      const [oldest] = counts.keys();
      if (counts.size > max && oldest !== undefined) counts.delete(oldest);
      return count;
    },
    forget: (id) => void counts.delete(id),
  };
}
