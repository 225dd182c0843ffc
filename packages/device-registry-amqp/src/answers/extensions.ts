import { declared } from '@rollcall/device-registry/internal';
import { z } from 'zod';

const whole = (minimum: number, maximum: number): z.ZodType<number | undefined> =>
  z.int().min(minimum).max(maximum).optional().catch(undefined);

/** Our fields in Hono's extension object. A field with a wrong value is ignored: it may belong to other software. */
const ext = z.object({
  'presence-interval': whole(1, 31_536_000),
  'presence-probe': z.boolean().optional().catch(undefined),
  'max-connections-per-device': whole(0, Number.MAX_SAFE_INTEGER),
});

export const extensionsSchema: z.ZodType<ReturnType<typeof declared>> = ext
  .optional()
  .catch(undefined)
  .transform((fields) => declared(fields));
