import { deviceRef, type DeviceRef } from '@rollcall/core';
import type { Registration } from '@rollcall/core/registry';
import { z } from 'zod';
import { defaultsSchema } from './defaults.ts';
import { extensionsSchema } from './extensions.ts';
import { nameSchema } from './names.ts';

const assertion = z.object({
  'device-id': nameSchema,
  defaults: defaultsSchema,
  ext: extensionsSchema,
});

export type RegistrationContent = z.output<typeof assertion>;

/** The assertion that a device is registered and enabled. */
export const registrationAnswerSchema: z.ZodType<RegistrationContent> = assertion;

/** `undefined`: it is about another device. */
export function registrationOf(
  { tenant, device }: DeviceRef,
  { 'device-id': answered, defaults, ext }: RegistrationContent,
): Registration | undefined {
  return answered === device ? { device: deviceRef(tenant, device), defaults, ...ext } : undefined;
}
