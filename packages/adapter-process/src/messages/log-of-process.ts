import type { Log } from '@rollcall/core/environment';

/** Each line says which of several processes it is of. */
export function logOfProcess(log: Log, number: number | undefined): Log {
  if (number === undefined) return log;
  const tagged =
    (severity: keyof Log): Log[keyof Log] =>
    (facts, message) =>
      log[severity]({ process: number, ...facts }, message);
  return { debug: tagged('debug'), info: tagged('info'), warn: tagged('warn'), error: tagged('error') };
}
