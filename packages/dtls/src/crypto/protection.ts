/** The authenticated bytes before the payload; the protection fills in the last two, the length. */
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
  // Without a connection id the context begins with them; with one they follow after ten bytes (RFC 9146 §5.3).
  return context.length === plainContextBytes ? 0 : 13;
}

export const plainContextBytes = 13;
