import { z } from 'zod';
import type { DeviceContent } from '../../store/registry-content.ts';
import { flag, freeObject, sent, text, textMap } from './fields.ts';

const some = z.union([text.transform((one) => [one]), z.array(text)], 'must be a string or a list of them');

/** The content of a device, as clients may write it. */
export const deviceContent: z.ZodType<DeviceContent> = z
  .strictObject({
    enabled: flag.optional(),
    via: some.optional(),
    viaGroups: some.optional(),
    memberOf: some.optional(),
    authorities: z.array(text, 'must be a list').optional(),
    defaults: freeObject.optional(),
    ext: freeObject.optional(),
    'downstream-message-mapper': text.optional(),
    'upstream-message-mapper': text.optional(),
    'command-endpoint': z
      .strictObject({
        uri: text.optional(),
        headers: textMap.optional(),
        'payload-properties': textMap.optional(),
      })
      .optional(),
    // Clients that write what they have read send it back. It belongs to the registry, and is ignored.
    status: freeObject.optional(),
  })
  .refine(
    ({ via = [], viaGroups = [], memberOf = [] }) =>
      memberOf.length === 0 || (via.length === 0 && viaGroups.length === 0),
    'memberOf: a gateway of a group cannot have via or viaGroups',
  )
  .transform(({ status: _status, ...content }) => sent(content) as DeviceContent);
