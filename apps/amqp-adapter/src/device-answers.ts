import type { Refusal, RefusalReason } from '@rollcall/access';
import type { EndReason } from '@rollcall/presence';
import type { UploadResult } from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core/device-data';
import type { RawCause } from '@rollcall/core/events';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { Verdict } from '@rollcall/rhea-internals';

/** An AMQP error: its condition, and words. */
export type AmqpCause = RawCause & { readonly code: string; readonly text: string };

/** Why a device is refused once SASL is done; what is not here is refused by SASL (`docs/hono-compatibility.md` §12). */
export const refusalConditions: Readonly<Partial<Record<RefusalReason, string>>> = {
  'tenant-disabled': 'amqp:unauthorized-access',
  'adapter-disabled': 'amqp:unauthorized-access',
  'device-not-registered': 'amqp:unauthorized-access',
  'tenant-connections-exceeded': 'amqp:unauthorized-access',
  'adapter-connections-exceeded': 'amqp:unauthorized-access',
  'device-connections-exceeded': 'amqp:resource-limit-exceeded',
};

/** What a device is told when the adapter ends its connection. */
export const endCauses: Readonly<Record<EndReason, AmqpCause>> = {
  'taken-over': { code: 'amqp:resource-locked', text: 'the container connected again' },
  'adapter-shutdown': { code: 'amqp:connection:forced', text: 'the adapter stops' },
  'access-revoked': { code: 'amqp:unauthorized-access', text: 'access was revoked' },
  'credentials-expired': { code: 'amqp:unauthorized-access', text: 'credentials expired' },
  'limit-exceeded': { code: 'amqp:resource-limit-exceeded', text: 'a limit is exceeded' },
};

/** What a device is told in the Close that refuses it. */
export function refusalCause({ reason, text }: Refusal): AmqpCause {
  return { code: refusalConditions[reason] ?? 'amqp:precondition-failed', text };
}

/**
 * The Close that follows the end of a connection. `none`: the device is not there to read it. `plain`: it closes without an
 * error, as the device did.
 */
export function closeAfter({ reason, raw }: DisconnectedChange): AmqpCause | 'none' | 'plain' {
  switch (reason) {
    case 'connection-lost':
      return 'none';
    case 'client-closed':
      return 'plain';
    case 'keepalive-timeout':
      return { code: 'amqp:resource-limit-exceeded', text: 'local-idle-timeout expired' };
    default:
      return {
        code: typeof raw?.code === 'string' ? raw.code : 'amqp:internal-error',
        text: raw?.text ?? reason,
      };
  }
}

const accepted: Verdict = { kind: 'accepted' };
const released: Verdict = { kind: 'released' };

/** What becomes of a device's message, by the outcome of its upload. */
export function verdictOf(result: UploadResult): Verdict {
  if (result.status === 'accepted') return accepted;
  const condition = uploadCondition(result.failure);
  return condition === undefined
    ? released
    : { kind: 'rejected', condition, description: result.failure.text };
}

/** The condition of a rejected message; `undefined`: it is released, since it may be sent again. */
function uploadCondition({ status }: UploadFailure): string | undefined {
  switch (status) {
    case 400:
      return 'hono:bad-request';
    case 403:
      return 'amqp:unauthorized-access';
    case 404:
      return 'amqp:not-found';
    case 413:
      return 'amqp:link:message-size-exceeded';
    case 429:
      return 'amqp:resource-limit-exceeded';
    case 500:
    case 503:
      return undefined;
    default:
      return status satisfies never;
  }
}
