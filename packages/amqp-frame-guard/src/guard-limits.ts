/** Bounds of what one peer may cost. */
export interface GuardLimits {
  /** Bytes of a frame; announce the same to the peer as `max-frame-size`. */
  readonly maxFrameBytes: number;
  /** Bytes of a frame before the peer has proved who it is. */
  readonly maxSaslFrameBytes: number;
  /** Bytes of one message, over all its transfers. */
  readonly maxMessageBytes: number;
  /** Bytes of the messages of all links that came in part, and 32 for each part. */
  readonly maxUnfinishedBytes: number;
  /** Values in one frame, or in one message: lists, maps and arrays count with all that they hold. */
  readonly maxValues: number;
  /** Values within values. */
  readonly maxDepth: number;
  /** Sessions at a time. */
  readonly maxSessions: number;
  /** Links of a session: their handles are below it. */
  readonly maxLinks: number;
  /** Deliveries that one disposition may be about. */
  readonly maxDispositionSpan: number;
}

export const defaultGuardLimits: GuardLimits = {
  maxFrameBytes: 16_384,
  maxSaslFrameBytes: 4_096,
  maxMessageBytes: 262_144,
  maxUnfinishedBytes: 524_288,
  maxValues: 4_096,
  maxDepth: 24,
  maxSessions: 8,
  maxLinks: 64,
  maxDispositionSpan: 2_048,
};
