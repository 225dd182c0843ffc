/** A source of randomness; tests inject a seeded one. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}
