import type { StoredChange, WriteOutcome } from './registry-write.ts';

/** What a write did. Nothing became another where it was not done. */
export interface Written {
  readonly outcome: WriteOutcome;
  readonly changes: readonly StoredChange[];
}

export function done(...changes: StoredChange[]): Written {
  return { outcome: { status: 'done' }, changes };
}

export function notDone(outcome: Exclude<WriteOutcome, { status: 'done' }>): Written {
  return { outcome, changes: [] };
}

/** Whether a write may replace what has this version. */
export function isExpected(version: string, expected: readonly string[] | undefined): boolean {
  return expected === undefined || expected.includes(version);
}
