import type { Epoch } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';

/** The greatest epoch given out, once this event was stamped. */
export function latestEpoch(event: ConnectionEvent, before: Epoch | undefined): Epoch {
  const latest = (event.type === 'disconnected' && event.endedEpoch) || event.epoch;
  // The connection of an ending may have begun long ago.
  return before !== undefined && before > latest ? before : latest;
}
