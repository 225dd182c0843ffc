import type { Tenant } from '@rollcall/core/registry';

/** Where the tenant says nothing. */
const defaultMaxSeconds = 60;

/**
 * How long the answer to a request waits for a command, in whole seconds; `undefined`: not at all
 * (`docs/hono-compatibility.md` §10).
 *
 * @param asked seconds, as the device said it.
 * @param limitSeconds what the protocol allows at most.
 */
export function timeTillDisconnect(
  asked: number | undefined,
  tenant: Tenant,
  adapterType: string,
  limitSeconds: number = Number.POSITIVE_INFINITY,
): number | undefined {
  if (asked === undefined) return undefined;
  const configured = tenant.adapters?.find(({ type }) => type === adapterType)?.ext['max-ttd'];
  const maxSeconds = typeof configured === 'number' ? configured : defaultMaxSeconds;
  const effective = Math.floor(Math.min(asked, maxSeconds, limitSeconds));
  return effective > 0 ? effective : undefined;
}
