/**
 * The kinds of entries in the table `places`, an index over the connections of each device. The comments say what the columns `key` and
 * `key_then` hold for each kind. Released numbers never change.
 */
export const placeKind = {
  /** The connection-id. */
  byId: 0,
  /** The time when it began; the connection-id. */
  byBegin: 1,
  /** Nothing: the entry is there while the connection has no ending. */
  open: 2,
  /** The time when it ended. */
  byEnd: 3,
  /** The slot that it holds; its epoch. */
  bySlot: 4,
  /** The `ended-epoch` of its ending. */
  byEndedEpoch: 5,
} as const;
