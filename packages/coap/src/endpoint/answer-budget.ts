/** Bytes of answer for each byte of a request from who may have forged its address. As much as QUIC allows (RFC 9000 §8.1). */
const maxAmplification = 3;
/** What any request may be answered with: all transmissions of an answer without content. */
const minBudgetBytes = 64;

/** How many bytes a request of a peer that may be elsewhere can cause to be sent, all transmissions together. */
export function answerBudget(requestBytes: number): number {
  return Math.max(maxAmplification * requestBytes, minBudgetBytes);
}
