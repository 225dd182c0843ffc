import type { Log } from '@rollcall/core/environment';

/** Tells the operator, at the start of an adapter, that it serves anonymous devices. */
export function warnOfAnybody(log: Pick<Log, 'warn'>): void {
  log.warn({}, 'devices need not authenticate: anyone may upload for every registered device');
}
