/** What the connections of a device are found by, with the columns `key` and `key_then` of `places`. Released numbers never change. */
export const placeKind = {
  /** Its id. */
  byId: 0,
  /** When it began; its id. */
  byBegin: 1,
  /** Those without an ending. */
  open: 2,
  /** When it ended. */
  byEnd: 3,
  /** What only one connection of the device can hold; its epoch. */
  bySlot: 4,
  /** Its epoch when it ended. */
  byEndedEpoch: 5,
} as const;
