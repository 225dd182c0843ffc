import type { Tenant } from '@rollcall/core';

const adapterType = 'hono-http';
/** Where the tenant says nothing. */
const defaultMaxSeconds = 60;
/** Share of the idle time-out that an answer may take: later, the connection might be gone. */
const shareOfIdleTimeout = 0.8;

/** How long the answer to a request waits for a command, in whole seconds; `undefined`: not at all (`docs/hono-compatibility.md` §10). */
export function timeTillDisconnect(
  asked: number | undefined,
  tenant: Tenant,
  idleTimeoutMs: number,
): number | undefined {
  if (asked === undefined) return undefined;
  const configured = tenant.adapters?.find(({ type }) => type === adapterType)?.ext['max-ttd'];
  const effective = Math.min(
    asked,
    typeof configured === 'number' ? configured : defaultMaxSeconds,
    Math.floor((idleTimeoutMs / 1_000) * shareOfIdleTimeout),
  );
  return effective > 0 ? effective : undefined;
}
