import type { EndReason } from '@rollcall/adapter-kit';
import type { RawCause } from '@rollcall/core';
import { reasonCodes } from './reason-codes.ts';

/** What an MQTT 5.0 device is told when the adapter ends its connection. */
export const endCodes: Readonly<Record<EndReason, Required<RawCause> & { readonly code: number }>> = {
  'taken-over': { code: reasonCodes.sessionTakenOver, text: 'Session taken over' },
  'adapter-shutdown': { code: reasonCodes.serverShuttingDown, text: 'Server shutting down' },
  'access-revoked': { code: reasonCodes.administrativeAction, text: 'Administrative action' },
  'credentials-expired': { code: reasonCodes.maximumConnectTime, text: 'Maximum connect time' },
  'limit-exceeded': { code: reasonCodes.quotaExceeded, text: 'Quota exceeded' },
};
