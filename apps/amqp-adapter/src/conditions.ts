import type { EndReason, RefusalReason } from '@rollcall/adapter-kit';
import type { RawCause, UploadFailure } from '@rollcall/core';

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

/** The condition of a rejected message; `undefined`: it is released, since it may be sent again. */
export function uploadCondition({ status }: UploadFailure): string | undefined {
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
