import { getHeapStatistics } from 'node:v8';

/** Bytes of memory that events that wait may take; where none are configured, an eighth of what Node.js may use. */
export function memoryLimit(configured: number): number {
  return configured > 0 ? configured : Math.floor(getHeapStatistics().heap_size_limit / 8);
}
