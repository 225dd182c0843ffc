import type { LeaseBook, LeaseProtocol } from '@rollcall/adapter-kit';
import { absentHolder, presentHolder, type CoapSignal, type CoapState } from './tracker.ts';

export type CoapLeases = LeaseBook<CoapSignal>;

/** How the kit's lease book talks to the tracker. */
export const leaseProtocol: LeaseProtocol<CoapState, CoapSignal> = {
  absent: absentHolder,
  present: presentHolder,
  rhythm: (state) => (state.phase === 'absent' ? state : state.lease).rhythm,
  servingChanged: (serving) => ({ type: serving ? 'resumed' : 'paused' }),
};
