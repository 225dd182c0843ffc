import { z } from 'zod';
import type { TenantContent } from '../../store/registry-content.ts';
import { flag, freeObject, sent, text, time, wholeNumber, wordOf } from './fields.ts';
import { trustedCa } from './trusted-ca.ts';

const limit = wholeNumber(-1).optional();

const adapter = z.strictObject({
  type: text.min(1, 'must not be empty'),
  enabled: flag.optional(),
  'device-authentication-required': flag.optional(),
  ext: freeObject.optional(),
});

const period = z.strictObject({
  mode: wordOf('days', 'monthly'),
  'no-of-days': wholeNumber(0).optional(),
});

const resourceLimits = z
  .strictObject({
    'max-connections': limit,
    'max-ttl': limit,
    'max-ttl-telemetry-qos0': limit,
    /** Hono's own classes write this limit under two names, and read both. */
    maxTtlTelemetryQoS0: limit,
    'max-ttl-telemetry-qos1': limit,
    'max-ttl-command-response': limit,
    'data-volume': z
      .strictObject({ 'effective-since': time, 'max-bytes': limit, period: period.optional() })
      .optional(),
    'connection-duration': z
      .strictObject({ 'effective-since': time, 'max-minutes': limit, period: period.optional() })
      .optional(),
    ext: freeObject.optional(),
  })
  .transform(({ maxTtlTelemetryQoS0: sameLimit, ...limits }) => ({
    ...(sameLimit !== undefined && { 'max-ttl-telemetry-qos0': sameLimit }),
    ...limits,
  }));

const samplingMode = wordOf('all', 'none', 'default');

/** The content of a tenant, as clients may write it. */
export const tenantContent: z.ZodType<TenantContent> = z
  .strictObject({
    enabled: flag.optional(),
    alias: text.regex(/^[a-z0-9-]+$/, 'must have small letters, digits and hyphens').optional(),
    adapters: z
      .array(adapter, 'must be a list')
      .min(1, 'must not be empty')
      .refine((all) => isEachOnce(all.map(({ type }) => type)), 'must have each type once')
      .optional(),
    defaults: freeObject.optional(),
    ext: freeObject.optional(),
    'minimum-message-size': wholeNumber(0).optional(),
    'registration-limits': z
      .strictObject({ 'max-devices': limit, 'max-credentials-per-device': limit })
      .optional(),
    'resource-limits': resourceLimits.optional(),
    tracing: z
      .strictObject({
        'sampling-mode': samplingMode.optional(),
        'sampling-mode-per-auth-id': z.record(z.string(), samplingMode, 'must be an object').optional(),
      })
      .optional(),
    'trust-anchor-group': text.min(1, 'must not be empty').optional(),
    'trusted-ca': z
      .array(trustedCa, 'must be a list')
      .refine((all) => isEachOnce(all.map(({ id }) => id)), 'must have each id once')
      .optional(),
  })
  .transform((content) => sent(content) as TenantContent);

function isEachOnce(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
