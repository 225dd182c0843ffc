/** What one peer, and all of them together, may cost. */
export interface CoapLimits {
  /** Bytes of a request's body, in one datagram or in many blocks: a larger one is refused with 4.13. */
  readonly maxBodyBytes: number;
  /** The largest block we ask for and send. */
  readonly blockBytes: number;

  /** Messages that are remembered, so that a copy of one is not taken for a new one. The oldest answered ones are forgotten. */
  readonly maxExchanges: number;
  readonly maxExchangesPerPeer: number;
  /** Bytes of answers that are kept for copies. */
  readonly maxAnswerBytes: number;
  /** Requests that the handler works on: above it, confirmable ones are refused with 5.03 and others are dropped. */
  readonly maxWorking: number;
  readonly maxWorkingPerPeer: number;
  /** Separate responses that wait to be acknowledged: above it, the oldest is not sent again. */
  readonly maxUnacknowledged: number;
  readonly maxUnacknowledgedPerPeer: number;

  /** Bodies that arrive in blocks, and their bytes: above it, the oldest is forgotten. */
  readonly maxUploadBytes: number;
  readonly maxUploadsPerPeer: number;
  /** Bodies that leave in blocks, likewise. */
  readonly maxDownloadBytes: number;
  readonly maxDownloadsPerPeer: number;
  /** How long a body waits for its next block. */
  readonly transferLifetimeMs: number;
}

export const defaultCoapLimits: CoapLimits = {
  maxBodyBytes: 2_048,
  blockBytes: 512,
  maxExchanges: 250_000,
  maxExchangesPerPeer: 16_384,
  maxAnswerBytes: 33_554_432,
  maxWorking: 10_000,
  maxWorkingPerPeer: 64,
  maxUnacknowledged: 10_000,
  maxUnacknowledgedPerPeer: 16,
  maxUploadBytes: 16_777_216,
  maxUploadsPerPeer: 4,
  maxDownloadBytes: 16_777_216,
  maxDownloadsPerPeer: 4,
  transferLifetimeMs: 247_000,
};
