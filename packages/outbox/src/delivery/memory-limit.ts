import { getHeapStatistics } from 'node:v8';

/** What V8 reserves for young objects at most, if no option limits it: three semi-spaces of 64 MB. */
const youngBytes = 3 * 67_108_864;

/** Bytes of memory that events that wait may take; if none are configured, a part of what Node.js may use. */
export function memoryLimit(configured: number): number {
  return configured > 0 ? configured : shareOfHeap(getHeapStatistics().heap_size_limit);
}

/**
 * An eighth of what old objects, such as events that wait, may take. Node.js reports only the limit of old and young together: with
 * `--max-old-space-size=64` that is 256 MB.
 */
export function shareOfHeap(heapLimitBytes: number): number {
  return Math.floor(Math.max((heapLimitBytes - youngBytes) / 8, heapLimitBytes / 32));
}
