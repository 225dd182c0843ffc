import type { Clock, Instant, Log } from '@rollcall/core';

const everyMs = 60_000;

export interface FaultReport {
  /** Logs it, unless the same was logged within a minute. */
  tell(message: string, facts: { readonly problems: readonly string[] }): void;
}

/** A fault that stays is one line a minute. */
export function createFaultReport(file: string, clock: Clock, log: Log): FaultReport {
  let last: { readonly text: string; readonly at: Instant } | undefined;
  return {
    tell(message, facts) {
      const text = JSON.stringify([message, facts]);
      const now = clock.monotonic();
      if (last && last.text === text && now - last.at < everyMs) return;
      last = { text, at: now };
      log.error({ file, ...facts }, message);
    },
  };
}
