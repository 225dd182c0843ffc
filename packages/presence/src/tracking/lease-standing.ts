import type { Instant } from '@rollcall/core';
import type { LeaseBasis } from '@rollcall/core/internal';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { HeldLease } from '@rollcall/core/directory';
import type { Connected } from './connected-devices.ts';

/** An ending that the directory is asked about. */
export interface Ending {
  readonly change: DisconnectedChange;
  readonly at: Instant;
}

/** The standing of a fleet's lease at one adapter: who publishes its events. The state of its tracker is separate. */
export type Standing =
  /** No adapter holds it, as far as this one knows. */
  | { readonly phase: 'none' }
  /** The directory is asked who holds it. */
  | { readonly phase: 'entering' }
  /** This adapter holds it, and publishes its events. */
  | {
      readonly phase: 'held';
      readonly connected: Connected;
      notedAt: Instant;
      notedBasis: LeaseBasis;
      ending?: Ending;
    }
  /** Another adapter holds it: nothing is published here. `toldAt`: when this adapter last reported the device to the holder. */
  | {
      readonly phase: 'elsewhere';
      readonly lease: HeldLease;
      toldAt: Instant;
      readonly releaseAccess: () => void;
    };

export type Held = Extract<Standing, { phase: 'held' }>;
export type Elsewhere = Extract<Standing, { phase: 'elsewhere' }>;

export const nobody: Standing = { phase: 'none' };
