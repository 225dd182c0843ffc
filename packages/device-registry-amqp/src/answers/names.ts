import { isPrintable } from '@rollcall/core/text';
import { z } from 'zod';

const maxLength = 256;

/** Whether a registry can know a name. Other names cannot be in an address or an event, so no honest client asks for them. */
export function isName(text: string): boolean {
  return text.length > 0 && text.length <= maxLength && isPrintable(text);
}

/** The same for tenants: their names are parts of addresses. */
export function isTenantName(text: string): boolean {
  return isName(text) && !text.includes('/');
}

export const nameSchema: z.ZodType<string> = z.string().refine(isName, 'must be a name that can be shown');
export const tenantNameSchema: z.ZodType<string> = z
  .string()
  .refine(isTenantName, 'must be a name that can be shown, without a slash');
