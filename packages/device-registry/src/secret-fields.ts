import { z } from 'zod';
import { instant } from './formats.ts';

/** What a secret of any type may say. */
export const secretFields = {
  enabled: z.boolean('must be true or false').default(true),
  'not-before': instant.optional(),
  'not-after': instant.optional(),
  comment: z.string().optional(),
  id: z.string().optional(),
};
