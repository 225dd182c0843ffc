import type { Instant } from '@rollcall/core';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { HeldLease } from '@rollcall/core/directory';
import type { Connected } from './connected-devices.ts';

/** An ending that the directory is asked about. */
export interface Ending {
  readonly change: DisconnectedChange;
  readonly at: Instant;
}

/** How a lease of a fleet stands at one adapter. What its tracker says is one thing, and who publishes it another. */
export type Standing =
  /** It is nobody's, as far as is known here. */
  | { readonly phase: 'none' }
  /** The directory is asked whose it is. */
  | { readonly phase: 'entering' }
  /** It is this adapter's, which publishes. */
  | { readonly phase: 'held'; readonly connected: Connected; notedAt: Instant; ending?: Ending }
  /** Another adapter has it: nothing is published here. `toldAt`: when that was last told of the device. */
  | {
      readonly phase: 'elsewhere';
      readonly lease: HeldLease;
      toldAt: Instant;
      readonly releaseAccess: () => void;
    };

export type Held = Extract<Standing, { phase: 'held' }>;
export type Elsewhere = Extract<Standing, { phase: 'elsewhere' }>;

export const nobody: Standing = { phase: 'none' };
