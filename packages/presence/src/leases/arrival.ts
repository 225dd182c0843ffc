import type { Instant } from '@rollcall/core';

/** When something of a device arrived. It may have waited in the operating system until it was read. */
export interface Arrival {
  /** At the earliest: the device was there then, or later. */
  readonly heardAt: Instant;
  /** At the latest: when it was read, however late its turn came after that. */
  readonly readAt: Instant;
}

/** @param at when the signal was reported. */
export function arrivalOf({ heardAt, readAt }: Partial<Arrival>, at: Instant): Arrival {
  return { heardAt: heardAt ?? at, readAt: readAt ?? heardAt ?? at };
}
