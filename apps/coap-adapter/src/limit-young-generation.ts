import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Of V8, as Node.js has it. */
export interface YoungGeneration {
  /** How many bytes it has room for. */
  bytes(): number;
  /** By how much it grows when what survives in it calls for more; 1: it does not. */
  growBy(factor: number): void;
  /** Calls `look` after collections. */
  onCollected(look: () => void): void;
}

const mostBytes = 16 * 2 ** 20;
/** V8's own. */
const usualFactor = 2;

/**
 * Keeps the young generation from growing beyond 16 MB. Node.js 24 lets it grow to twice that for each of its halves, and keeps the pages
 * when they are empty again: a storm of connects left a hundred megabytes behind, for the rest of the life of the process. There is a
 * flag for it, `--max-semi-space-size`, but it must be there before the process begins; how fast it grows is read at each collection.
 */
export function limitYoungGeneration(young: YoungGeneration = ofThisProcess): void {
  let factor = usualFactor;
  young.onCollected(() => {
    const wanted = young.bytes() >= mostBytes ? 1 : usualFactor;
    if (wanted === factor) return;
    factor = wanted;
    young.growBy(factor);
  });
}

const ofThisProcess: YoungGeneration = {
  bytes: () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0,
  growBy: (factor) => setFlagsFromString(`--semi-space-growth-factor=${factor}`),
  onCollected: (look) => new PerformanceObserver(look).observe({ entryTypes: ['gc'] }),
};
