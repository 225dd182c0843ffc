import type { Log } from '@rollcall/core/environment';

/** Tells the operator, at the start of an adapter where devices need not say who they are. */
export function warnOfAnybody(log: Pick<Log, 'warn'>): void {
  log.warn({}, 'devices need not authenticate: anyone may upload for every registered device');
}
