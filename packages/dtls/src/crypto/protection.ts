/** What stands before the payload in what is authenticated; its last two bytes, the length, are filled in by the protection. */
export type RecordContext = Buffer;

/** One direction's cipher and keys. */
export interface Protection {
  /** The fragment of a record: nonce or IV, ciphertext, tag. */
  seal(context: RecordContext, plaintext: Uint8Array): Buffer;
  /** `undefined` where it is not authentic, for whatever reason. */
  open(context: RecordContext, fragment: Buffer): Buffer | undefined;
}

/** Where epoch and sequence number stand in a context: they are the nonce's explicit part too (RFC 6655 §3, RFC 5288 §3). */
export function sequenceAt(context: RecordContext): number {
  // Without connection id they are what begins it, with one they follow ten bytes (RFC 9146 §5.3).
  return context.length === plainContextBytes ? 0 : 13;
}

export const plainContextBytes = 13;
