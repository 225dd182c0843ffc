import type { Tenant } from '@rollcall/core/registry';

/**
 * How long a confirmable request waits for its answer before it is acknowledged alone, in milliseconds; negative: for ever
 * (`docs/hono-compatibility.md` §14). A tenant may have its own time. If that is 0, a device that accepts an answer with the
 * acknowledgement (`piggy`) gets it in this way.
 */
export function ackAfterMs(
  { adapters }: Tenant,
  adapterType: string,
  configuredMs: number,
  asksForPiggy: () => boolean,
): number {
  const ext = adapters?.find(({ type }) => type === adapterType)?.ext;
  const ofTenant = ext?.['timeoutToAck'];
  if (typeof ofTenant !== 'number') return configuredMs;
  if (ofTenant !== 0 || configuredMs <= 0 || !asksForPiggy()) return ofTenant;
  const forPiggy = ext?.['deviceTriggeredTimeoutToAck'];
  return typeof forPiggy === 'number' ? forPiggy : configuredMs;
}
