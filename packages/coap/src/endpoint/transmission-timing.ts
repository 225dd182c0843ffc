/** RFC 7252 §4.8. */
export interface TransmissionTiming {
  readonly ackTimeoutMs: number;
  readonly ackRandomFactor: number;
  readonly maxRetransmit: number;
  /** How long the id of a confirmable message stays in use. */
  readonly exchangeLifetimeMs: number;
  /** How long the id of a non-confirmable message stays in use. */
  readonly nonLifetimeMs: number;
}

/** How long a confirmable message waits for its acknowledgement at most: MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2). */
export function transmitWaitMs(timing: TransmissionTiming): number {
  return timing.ackTimeoutMs * (2 ** (timing.maxRetransmit + 1) - 1) * timing.ackRandomFactor;
}

export const defaultTransmissionTiming: TransmissionTiming = {
  ackTimeoutMs: 2_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  exchangeLifetimeMs: 247_000,
  nonLifetimeMs: 145_000,
};
