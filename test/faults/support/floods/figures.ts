/** How long each try took, and what those heard that did not go well. */
export interface Figures {
  readonly count: number;
  readonly failures: readonly string[];
  /** Never rejects. */
  measure(work: () => Promise<void>): Promise<void>;
  /** `p50/p99/max`, in ms. */
  text(): string;
}

export function createFigures(): Figures {
  const tookMs: number[] = [];
  const failures: string[] = [];
  return {
    failures,
    get count() {
      return tookMs.length;
    },
    async measure(work) {
      const begunAt = performance.now();
      await work().catch((error: unknown) => failures.push(String(error)));
      tookMs.push(performance.now() - begunAt);
    },
    text() {
      const sorted = tookMs.toSorted((a, b) => a - b);
      const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(0);
      return `${at(0.5)}/${at(0.99)}/${at(1)}`;
    },
  };
}
