import type { Clock, Log } from '@rollcall/core/environment';
import type { AuthenticationResult } from '../authentication-result.ts';
import { createRefusalReport } from '../refusals/refusal-report.ts';
import type { AccessObserver } from './access-observer.ts';
import type { Refused } from './refuse.ts';

/** Counts refusals, and writes them to the log. */
export interface RefusalLog {
  /**
   * @param facts what the log says of the device.
   * @returns only what the device may learn.
   */
  refused(
    result: Refused,
    facts: object,
    remoteIp?: string,
  ): Extract<AuthenticationResult, { status: 'refused' }>;
  /** Throttled tries are not summed up any more. */
  stop(): void;
}

export function createRefusalLog({
  clock,
  log,
  observer,
}: {
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: AccessObserver;
}): RefusalLog {
  /** An attack should show in the log, and not fill it. */
  const throttled = createRefusalReport({ clock, log }, 'logins that failed too often');
  let stopped = false;

  return {
    refused({ refusal, problem, tenant, device }, facts, remoteIp) {
      observer.attempted({ outcome: refusal.reason, cause: problem ?? refusal.reason });
      if (refusal.reason === 'throttled' && remoteIp !== undefined && !stopped)
        throttled.refused(refusal.reason, remoteIp);
      log.debug(
        {
          ...facts,
          ...(tenant !== undefined && { tenant }),
          ...(remoteIp !== undefined && { remoteIp }),
          reason: refusal.reason,
          ...(problem !== undefined && { problem }),
        },
        'device refused',
      );
      return { status: 'refused', refusal, ...(device && { device }) };
    },
    stop() {
      stopped = true;
      throttled.stop();
    },
  };
}
