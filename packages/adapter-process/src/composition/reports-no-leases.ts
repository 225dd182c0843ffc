import type { LeaseListener } from '@rollcall/core';

/** Leases are not entered in the directory: nothing is told of them. */
export const reportsNoLeases: LeaseListener = { heardElsewhere() {}, movedAway() {}, endedElsewhere() {} };
