import type { Peer } from './peer.ts';

/**
 * Where the newest records of an association come from, while nothing proves that its peer receives there (RFC 9146 §6): an attacker
 * may relay them. An association has one candidate at a time, so that many addresses cost no more than one.
 */
export interface Candidate {
  /** The same object for as long as this is the candidate. */
  readonly peer: Peer;
  receivedBytes: number;
  sentBytes: number;
}

/** How many bytes may go to a candidate for each authentic byte from it: as many as QUIC allows (RFC 9000 §8.1). */
const maxAmplification = 3;

export function aCandidate({ address, port }: Peer): Candidate {
  return { peer: { address, port }, receivedBytes: 0, sentBytes: 0 };
}

export function maySendTo({ receivedBytes, sentBytes }: Candidate, bytes: number): boolean {
  return sentBytes + bytes <= maxAmplification * receivedBytes;
}
