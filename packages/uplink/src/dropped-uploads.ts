import { createMinuteGate } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core/environment';
import type { HostUplink } from './host-uplink.ts';

/** Says that uploads are dropped without a word to their devices: one line a minute, with the one that came then. */
export function reportDropped(clock: Pick<Clock, 'monotonic'>, log: Log): HostUplink['dropped'] {
  const gate = createMinuteGate(clock);
  return ({ status, text }, device) => {
    const alsoDropped = gate.pass();
    if (alsoDropped !== undefined)
      log.warn(
        { ...device, status, text, alsoDropped },
        'an upload is dropped, and its device does not hear of it',
      );
  };
}
