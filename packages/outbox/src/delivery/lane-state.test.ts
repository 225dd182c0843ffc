import { ManualClock } from '@rollcall/conformance';
import { later, type Random } from '@rollcall/core/environment';
import { describe, expect, test } from 'vitest';
import {
  afterFailure,
  afterReachable,
  afterSuccess,
  open,
  stopped,
  windowOf,
  type LaneState,
} from './lane-state.ts';

const backoff = { firstMs: 1_000, maxMs: 60_000 };
const longest: Random = { next: () => 1, bytes: (length) => new Uint8Array(length) };

/** The state after this many failures in a row, all at the present instant of the clock. */
function failed(times: number, clock: ManualClock): LaneState {
  let state = open;
  for (let count = 0; count < times; count++)
    state = afterFailure(state, clock.monotonic(), longest, backoff);
  return state;
}

describe('a lane after failures in a row', () => {
  test.each([
    [0, 64],
    [1, 32],
    [2, 16],
  ])('of which there were %i sends up to %i events at a time', (failures, window) => {
    const clock = new ManualClock();
    const state = failed(failures, clock);
    expect(state.mode).toBe(failures === 0 ? 'open' : 'backing-off');
    expect(windowOf(state, 64, clock)).toBe(window);
  });

  test.each([
    [3, 1_000],
    [4, 2_000],
    [5, 4_000],
    [40, 60_000],
  ])('of which there were %i pauses for %i ms', (failures, pauseMs) => {
    const clock = new ManualClock();
    const state = failed(failures, clock);
    expect(state).toEqual({ mode: 'paused', failures, until: later(clock.monotonic(), pauseMs) });
    expect(windowOf(state, 64, clock)).toBe(0);
    clock.advance(pauseMs - 1);
    expect(windowOf(state, 64, clock)).toBe(0);
    clock.advance(1);
    expect(windowOf(state, 64, clock)).toBe(Math.max(1, 64 >> Math.min(failures, 30)));
  });

  test('uses its whole window again once an event gets through', () => {
    const clock = new ManualClock();
    for (const failures of [1, 3]) {
      const state = afterSuccess(failed(failures, clock));
      expect(state).toBe(open);
      expect(windowOf(state, 64, clock)).toBe(64);
    }
  });

  test('may send a little once its destination can be reached, and pauses as at first when that fails', () => {
    const clock = new ManualClock();
    const reachable = afterReachable(failed(9, clock));
    expect(windowOf(reachable, 64, clock)).toBe(1);
    expect(afterFailure(reachable, clock.monotonic(), longest, backoff)).toEqual(failed(3, clock));
  });
});

test('a destination that can be reached changes nothing for a lane that is not paused', () => {
  const clock = new ManualClock();
  for (const state of [open, failed(2, clock), stopped]) expect(afterReachable(state)).toBe(state);
});

test('a lane that is stopped stays so, and sends nothing', () => {
  const clock = new ManualClock();
  expect(afterFailure(stopped, clock.monotonic(), longest, backoff)).toBe(stopped);
  expect(afterSuccess(stopped)).toBe(stopped);
  expect(windowOf(stopped, 64, clock)).toBe(0);
});
