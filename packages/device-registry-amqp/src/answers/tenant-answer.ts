import type { TenantId } from '@rollcall/core';
import type { Tenant, TrustAnchor } from '@rollcall/core/registry';
import { answeredCaSchema, flag, resourceLimits } from '@rollcall/device-registry/internal';
import { z } from 'zod';
import { defaultsSchema } from './defaults.ts';
import { extensionsSchema } from './extensions.ts';
import { nameSchema, tenantNameSchema } from './names.ts';

/** -1 stands for "unlimited", as in Hono. */
const limit = z.int().min(-1).optional();
const limits = z
  .object({
    'max-connections': limit,
    'max-ttl': limit,
    'max-ttl-telemetry-qos0': limit,
    'max-ttl-telemetry-qos1': limit,
  })
  .default({});

const adapter = z.object({
  type: nameSchema,
  enabled: flag.default(false),
  ext: z.record(z.string(), z.unknown()).default({}),
});

const tenant = z.object({
  'tenant-id': tenantNameSchema,
  enabled: flag.default(true),
  defaults: defaultsSchema,
  adapters: z.array(adapter).optional(),
  'resource-limits': limits,
  // Authorities are read one by one: one that cannot be used must not lock out devices of another one.
  'trusted-ca': z.array(z.unknown()).max(1_000).default([]),
  ext: extensionsSchema,
});

/** A tenant as the service answered it, and the problems of those of its authorities that cannot be used. */
export interface AnsweredTenant {
  readonly tenant: Tenant;
  readonly unusable: readonly string[];
}

export const tenantAnswerSchema: z.ZodType<AnsweredTenant> = tenant.transform((content) => {
  const anchors = content['trusted-ca'].map((each) => answeredCaSchema.safeParse(each));
  const trusted: readonly TrustAnchor[] = anchors.flatMap(({ data }) => data ?? []);
  return {
    tenant: {
      id: content['tenant-id'] as TenantId,
      enabled: content.enabled,
      defaults: content.defaults,
      limits: resourceLimits(content['resource-limits']),
      ...content.ext,
      ...(content.adapters && { adapters: content.adapters }),
      ...(trusted.length > 0 && { trustAnchors: trusted }),
    },
    unusable: anchors.flatMap(({ error }) => error?.issues.map(({ message }) => message) ?? []),
  };
});
