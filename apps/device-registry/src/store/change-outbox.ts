import type { StoredChange } from './registry-write.ts';

/** Of what a change tells: each is told in its own order. */
export type ChangeSubject = 'tenants' | 'devices';

export const changeSubjects: readonly ChangeSubject[] = ['tenants', 'devices'];

export function subjectOf({ type }: StoredChange): ChangeSubject {
  return type === 'tenant' ? 'tenants' : 'devices';
}

/** A change whose notification still has to be sent. */
export interface KeptChange {
  /** Grows with each change, and is never used again. */
  readonly number: number;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly change: StoredChange;
}

export interface KeptFigures {
  readonly waiting: number;
  /** Of the first one, where there is any. */
  readonly oldestAt?: number;
}

/** Of each subject: about 30 MB of the database, and the changes of some minutes of a bulk load. */
export const maxKeptChanges = 100_000;

/** Which of the changes are not kept any longer. */
export interface KeepBounds {
  readonly maxKept: number;
  /** Milliseconds since the Unix epoch: what was made before. */
  readonly from: number;
}

/**
 * Committed changes, until their notifications are sent. The transaction that makes a change also keeps it: a process that is
 * killed loses none.
 *
 * Every method may reject with StoreUnavailable.
 */
export interface ChangeOutbox {
  /** One of several replicas that share a database sends, while it takes its turn every few seconds. @returns whether it is this one. */
  takeTurn(): Promise<boolean>;
  /** Lets another replica send. */
  giveTurn(): Promise<void>;
  /** In their order, those after `after`. */
  first(subject: ChangeSubject, after: number, limit: number): Promise<readonly KeptChange[]>;
  figures(subject: ChangeSubject): Promise<KeptFigures>;
  /** Removes changes up to this one: they were sent. */
  remove(subject: ChangeSubject, upTo: number): Promise<void>;
  /** The oldest go first. @returns how many were removed. */
  removeBeyond(subject: ChangeSubject, bounds: KeepBounds): Promise<number>;
}
