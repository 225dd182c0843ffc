import type { RefusalReason } from '../authentication-result.ts';

/**
 * Refusals as statuses of HTTP, which CoAP's codes are like: those of Hono's adapters where they have one
 * (`docs/hono-compatibility.md` §10); 429 is of ours.
 */
export const refusalStatuses: Readonly<Record<RefusalReason, number>> = {
  'bad-credentials': 401,
  'tenant-disabled': 403,
  'adapter-disabled': 403,
  'device-not-registered': 404,
  'tenant-connections-exceeded': 429,
  'adapter-connections-exceeded': 503,
  'device-connections-exceeded': 429,
  throttled: 429,
  busy: 503,
  unavailable: 503,
};
