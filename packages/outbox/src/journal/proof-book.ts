import type { ProofChanges, ProofMark } from './stored-proofs.ts';
import type { ProofBatch } from './store/stored.ts';
import { takeFirst } from './take-first.ts';

/** Which devices proved their identity, until that is stored. */
export interface ProofBook {
  readonly size: number;
  note(changes: ProofChanges): void;
  /** The oldest changes, of up to `maxMarks` proofs. */
  take(maxMarks: number): ProofBatch;
  /** The store has the proofs that were taken. */
  stored(taken: ProofBatch): void;
  /** The proofs could not be stored: later notes take precedence. */
  putBack(taken: ProofBatch): void;
}

type Change = ProofMark & { readonly at?: number };

export function createProofBook(): ProofBook {
  const changes = new Map<string, Change>();
  /** Goes out with every batch until the store has it. */
  let key: Uint8Array | undefined;

  return {
    get size() {
      return changes.size;
    },
    note({ key: made, noted, forgotten }) {
      key = made ?? key;
      // Put last: the device that proved its secret last stands at the end.
      const all: readonly Change[] = [...forgotten.map(({ name, hash }) => ({ name, hash })), ...noted];
      for (const change of all) {
        changes.delete(change.hash);
        changes.set(change.hash, change);
      }
    },
    take(maxMarks) {
      const marks = takeFirst(changes, maxMarks).map(([, change]) => change);
      return { ...(key && marks.length > 0 && { key }), marks };
    },
    stored(taken) {
      if (taken.key === key) key = undefined;
    },
    putBack({ marks }) {
      for (const change of marks) if (!changes.has(change.hash)) changes.set(change.hash, change);
    },
  };
}
