import type { Timestamp } from '@rollcall/core';
import type { Validity } from '@rollcall/core/registry';
import { z } from 'zod';

export const flag: z.ZodBoolean = z.boolean('must be true or false');

/** A point in time as Hono writes it. */
export const instant: z.ZodType<number> = z.iso
  .datetime({ offset: true, message: 'must be a date and time with offset, e.g. 2026-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text));

/** A label of a host name, as Hono requires for aliases: small letters, digits, hyphens. */
export const tenantLabel: RegExp = /^[a-z0-9-]{1,63}$/;

/** Base64. */
export const bytes: z.ZodType<Uint8Array> = z
  .base64('must be Base64')
  .transform((text) => Uint8Array.from(Buffer.from(text, 'base64')));

interface ValidityContent {
  readonly 'not-before'?: number | undefined;
  readonly 'not-after'?: number | undefined;
}

export function validityOf(content: ValidityContent): Validity {
  return {
    ...(content['not-before'] !== undefined && { notBefore: content['not-before'] as Timestamp }),
    ...(content['not-after'] !== undefined && { notAfter: content['not-after'] as Timestamp }),
  };
}
