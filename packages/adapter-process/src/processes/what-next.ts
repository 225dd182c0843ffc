/** How a process of an adapter has ended. */
export interface ProcessEnd {
  /** Whether it said that nothing is left of what it was to take up: its end alone may come of a signal. */
  readonly hasRetired: boolean;
  /** Whether it was asked to stop. */
  readonly asked: boolean;
  /** Whether a process of this seat was ready once. */
  readonly wasReady: boolean;
  readonly status: number | null;
  readonly ranMs: number;
  /** Restarts in a row before this one. */
  readonly restarts: number;
}

/** `fail`: it could never start, and so the adapter cannot. */
export type WhatNext = 'done' | 'fail' | { readonly restartInMs: number; readonly restarts: number };

const firstMs = 100;
const maxMs = 10_000;
/** One that ran for so long failed for a new reason. */
const provenMs = 60_000;

/** What the parent does about it: as supervisors do, with a wait that grows. */
export function whatNext({ hasRetired, asked, wasReady, status, ranMs, restarts }: ProcessEnd): WhatNext {
  if (asked || (hasRetired && status === 0)) return 'done';
  if (!wasReady) return 'fail';
  const before = ranMs >= provenMs ? 0 : restarts;
  return { restartInMs: Math.min(maxMs, firstMs * 2 ** before), restarts: before + 1 };
}
