/** Bytes of answer for each byte of a request whose address may be forged: as many as QUIC allows (RFC 9000 §8.1). */
const maxAmplification = 3;
/** Any request may be answered with this many bytes: all transmissions of an answer without content. */
const minBudgetBytes = 64;

/** How many bytes the answer to a request may have, all transmissions together, if the request's address may be forged. */
export function answerBudget(requestBytes: number): number {
  return Math.max(maxAmplification * requestBytes, minBudgetBytes);
}
