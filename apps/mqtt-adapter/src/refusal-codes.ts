import type { RefusalReason } from '@rollcall/adapter-kit';
import { reasonCodes } from './reason-codes.ts';

/** Return codes of a CONNACK of MQTT 3.1.1 §3.2.2.3. */
const returnCodes = {
  identifierRejected: 0x02,
  serverUnavailable: 0x03,
  badUserNameOrPassword: 0x04,
  notAuthorized: 0x05,
} as const;

interface ConnackCodes {
  /** For MQTT 3.1 and 3.1.1. */
  readonly v3: number;
  readonly v5: number;
}

/** What a refused device is told: the codes of Hono's adapter where it has one (`docs/hono-compatibility.md` §6). */
export const refusalCodes: Readonly<Record<RefusalReason | 'identifier-rejected', ConnackCodes>> = {
  'bad-credentials': { v3: returnCodes.badUserNameOrPassword, v5: reasonCodes.badUserNameOrPassword },
  // Nobody looked at what it presented: it may be right.
  throttled: { v3: returnCodes.serverUnavailable, v5: reasonCodes.connectionRateExceeded },
  'tenant-disabled': { v3: returnCodes.notAuthorized, v5: reasonCodes.notAuthorized },
  'adapter-disabled': { v3: returnCodes.notAuthorized, v5: reasonCodes.notAuthorized },
  'device-not-registered': { v3: returnCodes.notAuthorized, v5: reasonCodes.notAuthorized },
  'tenant-connections-exceeded': { v3: returnCodes.notAuthorized, v5: reasonCodes.quotaExceeded },
  'adapter-connections-exceeded': { v3: returnCodes.serverUnavailable, v5: reasonCodes.useAnotherServer },
  'device-connections-exceeded': { v3: returnCodes.serverUnavailable, v5: reasonCodes.quotaExceeded },
  busy: { v3: returnCodes.serverUnavailable, v5: reasonCodes.serverBusy },
  unavailable: { v3: returnCodes.serverUnavailable, v5: reasonCodes.serverUnavailable },
  'identifier-rejected': { v3: returnCodes.identifierRejected, v5: reasonCodes.clientIdentifierNotValid },
};
