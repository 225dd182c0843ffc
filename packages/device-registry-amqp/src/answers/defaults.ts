import type { DefaultProperties } from '@rollcall/core/registry';
import { isPrintable } from '@rollcall/core/text';
import { z } from 'zod';

/** Without U+0000 and half surrogate pairs, which other software refuses; see the registry file. */
const text = /^[^\p{Cc}\p{Cs}]*$/u;

/** Default properties without those that cannot be properties of a message: Hono allows any JSON. */
export const defaultsSchema: z.ZodType<DefaultProperties> = z
  .record(z.string(), z.unknown())
  .transform((all) => Object.fromEntries(Object.entries(all).filter(isUsable)) as DefaultProperties)
  .default({});

function isUsable([name, value]: [string, unknown]): boolean {
  if (!isPrintable(name)) return false;
  if (typeof value === 'string') return text.test(value);
  return typeof value === 'boolean' || typeof value === 'number';
}
