import { createMinuteGate, type MinuteGate } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core/environment';

export interface FaultReport {
  /** Logs the fault, unless the latest line said the same and is less than a minute old. */
  tell(message: string, facts: { readonly problems: readonly string[] }): void;
  /** Nothing is wrong any more. @returns whether the log has a fault, but not yet its end. */
  over(): boolean;
}

/**
 * Logs what is wrong with the registry file. A fault that stays the same is one line a minute, whatever other faults come and go
 * beside it.
 */
export function createFaultReport(file: string, clock: Clock, log: Log): FaultReport {
  /** By message: these are few. */
  const latest = new Map<string, { readonly text: string; readonly gate: MinuteGate }>();
  let isTold = false;
  return {
    tell(message, facts) {
      const text = JSON.stringify(facts);
      let fault = latest.get(message);
      if (fault?.text !== text) {
        fault = { text, gate: createMinuteGate(clock) };
        latest.set(message, fault);
      }
      if (fault.gate.pass() === undefined) return;
      isTold = true;
      log.error({ file, ...facts }, message);
    },
    over() {
      const wasTold = isTold;
      isTold = false;
      return wasTold;
    },
  };
}
