import type { Timestamp } from '@rollcall/core';

/** Says that a secret was proved from an address, under a name, without saying the secret or the address. */
export interface ProofMark {
  readonly name: string;
  /** A keyed hash of name, secret and address block, in Base64. */
  readonly hash: string;
}

/** A proof, and when it was given last. */
export interface NotedMark extends ProofMark {
  readonly at: Timestamp;
}

/** What the journal keeps of a {@link ProofMemory}. */
export interface StoredProofs {
  /** What the hashes were made with. An attacker who has it can try secrets against them. */
  readonly key: Uint8Array;
  /** The name proved last at the end. */
  readonly proofs: readonly NotedMark[];
}

/** What changed of {@link StoredProofs}. */
export interface ProofChanges {
  /** Present where the journal does not have it yet. */
  readonly key?: Uint8Array;
  readonly noted: readonly NotedMark[];
  readonly forgotten: readonly ProofMark[];
}
