import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { every, type Clock } from '@rollcall/core/environment';

/** Of V8, as Node.js has it. */
export interface Heap {
  /** How many bytes it took from the operating system for objects, used or not. */
  committedBytes(): number;
  /** The part of the time since the last call in which the event loop was busy: 0 to 1. */
  busyShare(): number;
  /** Whether V8 shall collect as in a program that must stay small, instead of one that must be fast. */
  staySmall(wanted: boolean): void;
}

const lookEveryMs = 5_000;
/** A process that does less is calm. */
const calmShare = 0.2;
/** A process that does more needs its memory. */
const busyShare = 0.5;
const calmLooks = 2;
/** V8 waits for 8 seconds, collects, and then collects again. */
const smallLooks = 6;
/** Less is not worth the time of a collection. */
const worthBytes = 32 * 2 ** 20;

/**
 * Lets V8 give memory back to the operating system when a storm is over. V8 alone does not: it collects when objects are made, so
 * nothing happens once no more are, and pages that a collection leaves empty stay with the process. In a program that must stay small,
 * it collects within seconds, step by step, and gives the pages back.
 *
 * @returns stops it
 */
export function giveBackMemory(clock: Clock, heap: Heap = ofThisProcess()): () => void {
  let settledBytes = heap.committedBytes();
  let calm = 0;
  /** How many looks ago V8 was told to stay small; `undefined`: it was not. */
  let small: number | undefined;

  function end(): void {
    small = undefined;
    calm = 0;
    heap.staySmall(false);
  }

  function look(): void {
    const share = heap.busyShare();
    if (small === undefined) {
      calm = share <= calmShare ? calm + 1 : 0;
      if (calm < calmLooks || heap.committedBytes() < settledBytes + worthBytes) return;
      small = 0;
      heap.staySmall(true);
    } else if (share > busyShare) end();
    else if (++small === smallLooks) {
      end();
      settledBytes = heap.committedBytes();
    }
  }

  const stop = every(clock, lookEveryMs, look);
  return () => {
    stop();
    if (small !== undefined) end();
  };
}

function ofThisProcess(): Heap {
  let before = performance.eventLoopUtilization();
  return {
    committedBytes: () => getHeapStatistics().total_heap_size,
    busyShare() {
      const now = performance.eventLoopUtilization();
      const share = performance.eventLoopUtilization(now, before).utilization;
      before = now;
      return share;
    },
    // V8 reads it whenever it decides whether to collect.
    staySmall: (wanted) => setFlagsFromString(wanted ? '--optimize-for-size' : '--no-optimize-for-size'),
  };
}
