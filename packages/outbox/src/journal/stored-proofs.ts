import type { Timestamp } from '@rollcall/core';

/** Says that a secret was proved from an address, under a name, without revealing the secret or the address. */
export interface ProofMark {
  readonly name: string;
  /** A keyed hash of name, secret and address block, in Base64. */
  readonly hash: string;
}

/** A proof, and its latest time. */
export interface NotedMark extends ProofMark {
  readonly at: Timestamp;
}

/** What the journal keeps of a {@link ProofMemory}. */
export interface StoredProofs {
  /** The key of the hashes. An attacker who has it can try secrets against them. */
  readonly key: Uint8Array;
  /** The name proved last at the end. */
  readonly proofs: readonly NotedMark[];
}

/** Changes of {@link StoredProofs}. */
export interface ProofChanges {
  /** Present if the journal does not have it yet. */
  readonly key?: Uint8Array;
  readonly noted: readonly NotedMark[];
  readonly forgotten: readonly ProofMark[];
}
