import type { LeaseBook, LeaseProtocol } from '@rollcall/adapter-kit';
import { absentHolder, presentHolder, type HttpSignal, type HttpState } from './tracker.ts';

export type HttpLeases = LeaseBook<HttpSignal>;

/** How the kit's lease book talks to the tracker. */
export const leaseProtocol: LeaseProtocol<HttpState, HttpSignal> = {
  absent: absentHolder,
  present: presentHolder,
  rhythm: (state) => (state.phase === 'absent' ? state : state.lease).rhythm,
  servingChanged: (serving) => ({ type: serving ? 'resumed' : 'paused' }),
};
