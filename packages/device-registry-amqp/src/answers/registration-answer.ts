import { deviceRef, type DeviceRef } from '@rollcall/core';
import type { Registration } from '@rollcall/core/registry';
import { z } from 'zod';
import { defaultsSchema } from './defaults.ts';
import { extensionsSchema } from './extensions.ts';
import { nameSchema } from './names.ts';

/** The assertion that a device is registered and enabled. It must be about the device that was asked about. */
export function registrationAnswerSchema({ tenant, device }: DeviceRef): z.ZodType<Registration> {
  return z
    .object({
      'device-id': nameSchema.refine((id) => id === device, 'is of another device'),
      defaults: defaultsSchema,
      ext: extensionsSchema,
    })
    .transform(({ defaults, ext }) => ({ device: deviceRef(tenant, device), defaults, ...ext }));
}
