/**
 * What a part of a message that is not finished costs beside the bytes of its frame: a buffer of its own, a view of the guard and one
 * of the library. 200,000 of them took 650 to 880 bytes each, depending on their size (resident memory, Node.js 24, Linux).
 */
export const unfinishedPartBytes = 768;

/** Bounds of what one peer may cost. */
export interface GuardLimits {
  /** Bytes of a frame; announce the same to the peer as `max-frame-size`. */
  readonly maxFrameBytes: number;
  /** Bytes of a frame before the peer has proved who it is. */
  readonly maxSaslFrameBytes: number;
  /** Bytes of one message, over all its transfers. */
  readonly maxMessageBytes: number;
  /** Bytes of the frames of all messages that came in part, on all links, and {@link unfinishedPartBytes} for each that is not empty. */
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
  maxUnfinishedBytes: 1_048_576,
  maxValues: 4_096,
  maxDepth: 24,
  maxSessions: 8,
  maxLinks: 64,
  maxDispositionSpan: 2_048,
};
