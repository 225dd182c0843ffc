import type { ConnectedEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';

/**
 * Whether the connection of this event is open here from now on. The beginning of another adapter's connection is only sent for that one;
 * if the connection goes on here, an announcement says so.
 */
export function isOpenHere(
  outbound: OutboundEvent,
): outbound is OutboundEvent & { readonly event: ConnectedEvent } {
  const { event, announcement, ofAnother } = outbound;
  return event.type === 'connected' && (ofAnother !== true || announcement === true);
}
