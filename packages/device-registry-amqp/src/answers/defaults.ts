import type { DefaultProperties } from '@rollcall/core/registry';
import { isPrintable } from '@rollcall/core/text';
import { z } from 'zod';

/** U+0000 and half a surrogate pair are no text to others; see the registry file. */
const text = /^[^\p{Cc}\p{Cs}]*$/u;

/** Default properties, of which those are left out that cannot be properties of a message: Hono takes any JSON. */
export const defaultsSchema: z.ZodType<DefaultProperties> = z
  .record(z.string(), z.unknown())
  .transform((all) => Object.fromEntries(Object.entries(all).filter(isUsable)) as DefaultProperties)
  .default({});

function isUsable([name, value]: [string, unknown]): boolean {
  if (!isPrintable(name)) return false;
  if (typeof value === 'string') return text.test(value);
  return typeof value === 'boolean' || typeof value === 'number';
}
