/**
 * How far the wall clock of this machine is from where it would be, had nothing set or slewed it since this process began, in
 * milliseconds: time stamps of adapters and of a test may differ by that.
 */
export function wallClockMovedMs(): number {
  return Math.abs(Date.now() - performance.timeOrigin - performance.now());
}
