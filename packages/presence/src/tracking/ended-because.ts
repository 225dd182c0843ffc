import type { EndedSignal } from '@rollcall/core/tracker';
import type { EndCauses, EndReason } from '../host-presence.ts';

/** The signal to a tracker when the kit ends its connection. */
export function endedBecause(reason: EndReason, causes: EndCauses = {}): EndedSignal {
  const raw = causes[reason];
  return { type: 'ended', reason, ...(raw && { raw }) };
}
