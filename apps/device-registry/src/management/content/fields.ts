import type { X509Certificate } from 'node:crypto';
import { readCertificate } from '@rollcall/device-registry/internal';
import { z } from 'zod';
import { badRequest } from '../faults/registry-error.ts';

/** Members that several contents have, with Hono's rules for them. */

export const flag: z.ZodBoolean = z.boolean('must be true or false');
export const text: z.ZodString = z.string('must be a string');
export const freeObject: z.ZodType<Readonly<Record<string, unknown>>> = z.record(
  z.string(),
  z.unknown(),
  'must be an object',
);
export const textMap: z.ZodType<Readonly<Record<string, string>>> = z.record(
  z.string(),
  text,
  'must be an object of strings',
);

export function wholeNumber(minimum: number): z.ZodType<number> {
  return z.int('must be a whole number').min(minimum, `must be ${minimum} or more`);
}

const firstMs = Date.parse('0000-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

/** ISO 8601 with an offset. It is stored in UTC, in whole seconds, as Hono writes it. */
export const time: z.ZodType<string> = z.iso
  .datetime({ offset: true, message: 'must be a date and time with offset, e.g. 2026-01-31T12:00:00Z' })
  .transform((written, context) => {
    const ms = Date.parse(written);
    // With its offset, a time may be in a year of more than four digits, which no other program reads.
    if (ms >= firstMs && ms <= lastMs) return honoTime(ms);
    context.addIssue({ code: 'custom', message: 'must be a date and time that there is' });
    return z.NEVER;
  });

/** @param ms since the Unix epoch. */
export function honoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Base64 of at least one byte. It is stored as it was sent. */
export const base64: z.ZodType<string> = z.base64('must be Base64').min(1, 'must not be empty');

/** A certificate in DER, in Base64. */
export const certificate: z.ZodType<X509Certificate> = base64.transform((written, context) => {
  const read = readCertificate(Buffer.from(written, 'base64'));
  if (read) return read;
  context.addIssue({ code: 'custom', message: 'must be a certificate in DER, in Base64' });
  return z.NEVER;
});

/** One of these words, in any case. It is stored in lower case. */
export function wordOf(...words: readonly string[]): z.ZodType<string> {
  return text
    .transform((written) => written.toLowerCase())
    .refine((written) => words.includes(written), `must be one of ${words.join(', ')}`);
}

/** A content without members whose value is `undefined`. */
export type Sent<Content> = { [Name in keyof Content]: Exclude<Content[Name], undefined> };

export function sent<Content extends object>(content: Content): Sent<Content> {
  return Object.fromEntries(
    Object.entries(content).filter(([, value]) => value !== undefined),
  ) as Sent<Content>;
}

/**
 * @param name what the value belongs to, if it is not the body.
 * @throws RegistryError that names the first mistake, and where it is.
 */
export function parse<Output>(schema: z.ZodType<Output>, value: unknown, name?: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = [...(name === undefined ? [] : [name]), ...(issue?.path ?? [])].map(String).join('.');
  throw badRequest(`${where === '' ? '' : `${where}: `}${issue?.message ?? 'invalid'}`);
}
