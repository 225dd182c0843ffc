import type { Instant } from '@rollcall/core';
import { later, type Clock, type Random } from '@rollcall/core/environment';
import { backoffMs, type BackoffLimits } from './backoff.ts';

/** After how many failures in a row, of any devices, the whole lane pauses. */
const failuresBeforePause = 3;

/**
 * How a lane stands after its latest tries.
 *
 *     open ──failure──▶ backing-off ──third failure in a row──▶ paused
 *      ▲                 │   ▲                                   │ │
 *      │                 │   └────────────────reachable──────────┘ │
 *      └─────────────────┴────────success, nothing waits───────────┘
 *
 * A pause that is over leaves the lane `paused`: it sends again, with a small window, and the next outcome decides.
 */
export type LaneState =
  /** The latest try did not fail. */
  | { readonly mode: 'open' }
  /** Each failure in a row halves the window. `reachable`: the failures were those of an outage that is over. */
  | { readonly mode: 'backing-off'; readonly failures: number; readonly reachable?: true }
  /** Nothing is sent before `until`. */
  | { readonly mode: 'paused'; readonly failures: number; readonly until: Instant }
  /** The outbox closes. Nothing is sent any more. */
  | { readonly mode: 'stopped' };

export const open: LaneState = { mode: 'open' };
export const stopped: LaneState = { mode: 'stopped' };

/** The sink could not take an event, and may later. */
export function afterFailure(
  state: LaneState,
  at: Instant,
  random: Random,
  backoff: BackoffLimits,
): LaneState {
  if (state.mode === 'stopped') return state;
  const isFirst = state.mode === 'backing-off' && state.reachable === true;
  const failures = isFirst ? failuresBeforePause : failuresOf(state) + 1;
  if (failures < failuresBeforePause) return { mode: 'backing-off', failures };
  const pauseMs = backoffMs(failures - failuresBeforePause + 1, random, backoff);
  return { mode: 'paused', failures, until: later(at, pauseMs) };
}

/** The sink answered for an event, that is, accepted or refused it; or nothing waits any more for which it did not. */
export function afterSuccess(state: LaneState): LaneState {
  return state.mode === 'stopped' ? state : open;
}

/**
 * The destination can be reached again: a pause ends, and the window stays small until an event gets through. Another failure pauses the
 * lane as at first, however long the destination was away.
 */
export function afterReachable(state: LaneState): LaneState {
  return state.mode === 'paused' ? { mode: 'backing-off', failures: state.failures, reachable: true } : state;
}

/** Greatest number of events that may be in flight now, of `maxInFlight`; 0: nothing is sent. */
export function windowOf(state: LaneState, maxInFlight: number, clock: Clock): number {
  switch (state.mode) {
    case 'open':
      return maxInFlight;
    case 'backing-off':
      return narrowed(maxInFlight, state.failures);
    case 'paused':
      return clock.monotonic() < state.until ? 0 : narrowed(maxInFlight, state.failures);
    case 'stopped':
      return 0;
    default:
      return state satisfies never;
  }
}

function narrowed(maxInFlight: number, failures: number): number {
  return Math.max(1, maxInFlight >> Math.min(failures, 30));
}

function failuresOf(state: LaneState): number {
  return state.mode === 'backing-off' || state.mode === 'paused' ? state.failures : 0;
}
