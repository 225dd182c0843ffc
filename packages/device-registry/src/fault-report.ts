import { createMinuteGate } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core';

export interface FaultReport {
  /** Logs the fault, unless the latest line said the same and is less than a minute old. */
  tell(message: string, facts: { readonly problems: readonly string[] }): void;
}

/** Logs what is wrong with the registry file. A fault that stays the same is one line a minute. */
export function createFaultReport(file: string, clock: Clock, log: Log): FaultReport {
  let latest = { text: '', gate: createMinuteGate(clock) };
  return {
    tell(message, facts) {
      const text = JSON.stringify([message, facts]);
      if (text !== latest.text) latest = { text, gate: createMinuteGate(clock) };
      if (latest.gate.pass() !== undefined) log.error({ file, ...facts }, message);
    },
  };
}
