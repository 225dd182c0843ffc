import type { StoredChange } from './registry-write.ts';

/** What a change is about. The notifications of each subject have an order of their own. */
export type ChangeSubject = 'tenants' | 'devices';

export const changeSubjects: readonly ChangeSubject[] = ['tenants', 'devices'];

export function subjectOf({ type }: StoredChange): ChangeSubject {
  return type === 'tenant' ? 'tenants' : 'devices';
}

/** A change whose notification has not been sent yet. */
export interface KeptChange {
  /** Grows with each change, and is never used again. */
  readonly number: number;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly change: StoredChange;
}

export interface KeptFigures {
  readonly waiting: number;
  /** The time of the oldest change; absent: there is none. */
  readonly oldestAt?: number;
}

/** For each subject. They take about 30 MB of the database, and are the changes of some minutes of a bulk load. */
export const maxKeptChanges = 100_000;

/** The bounds beyond which changes are removed. */
export interface KeepBounds {
  readonly maxKept: number;
  /** Changes that were made earlier are removed; milliseconds since the Unix epoch. */
  readonly from: number;
}

/**
 * Committed changes, until their notifications are sent. The transaction that makes a change also keeps it: a process that is
 * killed loses none.
 *
 * Every method may reject with StoreUnavailable.
 */
export interface ChangeOutbox {
  /** Of the replicas that share a database, one sends. It must take its turn every few seconds. @returns whether this replica has it. */
  takeTurn(): Promise<boolean>;
  /** Lets another replica send. */
  giveTurn(): Promise<void>;
  /** The first changes after the number `after`, in order. */
  first(subject: ChangeSubject, after: number, limit: number): Promise<readonly KeptChange[]>;
  figures(subject: ChangeSubject): Promise<KeptFigures>;
  /** Removes sent changes up to this number. */
  remove(subject: ChangeSubject, upTo: number): Promise<void>;
  /** Removes the oldest changes beyond the bounds. @returns how many. */
  removeBeyond(subject: ChangeSubject, bounds: KeepBounds): Promise<number>;
}
