import { z } from 'zod';
import { flag, instant } from './formats.ts';

/** Fields that a secret of any type may have. */
export const secretFields = {
  enabled: flag.default(true),
  'not-before': instant.optional(),
  'not-after': instant.optional(),
  comment: z.string().optional(),
  id: z.string().optional(),
};
