import { z } from 'zod';
import { flag, instant } from './formats.ts';

/** What a secret of any type may say. */
export const secretFields = {
  enabled: flag.default(true),
  'not-before': instant.optional(),
  'not-after': instant.optional(),
  comment: z.string().optional(),
  id: z.string().optional(),
};
