import { isPrintable } from '@rollcall/core/text';
import { normalizeName } from '@rollcall/core/x509';
import { z } from 'zod';
import { bytes, flag, tenantLabel } from './formats.ts';
import { publicKeySecretSchema } from './public-key-schema.ts';
import { secretFields } from './secret-fields.ts';
import { trustedCaSchema } from './trusted-ca-schema.ts';

/** The fields of a registry file, with Eclipse Hono's names. A field that is not listed is a mistake, and is reported. */

const name = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must not be longer than 256 characters')
  // Names go into addresses, topics, events and logs, and people compare them by eye.
  .refine(isPrintable, 'must not have characters that control something or cannot be seen');
// Default properties are in every message. Databases refuse U+0000, and half a surrogate pair is not text.
const propertyText = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u);
const scalar = z.union(
  [propertyText, z.number(), z.boolean()],
  'must be a string without control characters, a number or a boolean',
);
const propertyName = z
  .string()
  .refine(isPrintable, 'must not have characters that control something or cannot be seen');
const defaults = z.record(propertyName, scalar).default({});
/** -1 stands for "unlimited", as in Hono. */
const limit = z.int('must be a whole number').min(-1, 'must be -1 (unlimited) or more');
const anything = z.unknown();
/** Our fields in Hono's extension object. Other software may have its own fields there. */
const ext = z.looseObject({
  'presence-interval': z
    .int('must be a whole number')
    .min(1, 'must be 1 second or more')
    .max(31_536_000, 'must be 31536000 seconds or less')
    .optional(),
  'presence-probe': flag.optional(),
  'max-connections-per-device': z
    .int('must be a whole number')
    .min(0, 'must be 0 (unlimited) or more')
    .optional(),
});

/** The longest key that libraries accept. */
const maxKeyBytes = 512;

const passwordSecret = z
  .strictObject({
    ...secretFields,
    'hash-function': z
      .enum(['sha-256', 'sha-512', 'bcrypt'], 'must be sha-256, sha-512 or bcrypt')
      .default('sha-256'),
    'pwd-hash': z.string().min(1, 'must not be empty').optional(),
    salt: z.base64('must be Base64').optional(),
    'pwd-plain': z.string().min(1, 'must not be empty').optional(),
  })
  .check(({ value, issues }) => {
    const both = value['pwd-hash'] !== undefined && value['pwd-plain'] !== undefined;
    const neither = value['pwd-hash'] === undefined && value['pwd-plain'] === undefined;
    if (both || neither)
      issues.push({ code: 'custom', input: value, message: 'must have pwd-hash or pwd-plain, and not both' });
  });

const passwordCredentials = z.strictObject({
  type: z.literal('hashed-password'),
  'auth-id': name,
  enabled: flag.default(true),
  secrets: z.array(passwordSecret).min(1, 'must have at least one secret'),
  ext: anything.optional(),
});

const pskSecret = z.strictObject({
  ...secretFields,
  key: bytes.refine(
    ({ length }) => length > 0 && length <= maxKeyBytes,
    `must be of 1 to ${maxKeyBytes} bytes, in Base64`,
  ),
});

const pskCredentials = z.strictObject({
  type: z.literal('psk'),
  'auth-id': name,
  enabled: flag.default(true),
  secrets: z.array(pskSecret).min(1, 'must have at least one secret'),
  ext: anything.optional(),
});

/** The subject of a certificate, or the result of the `auth-id-template` of its authority. */
const certificateAuthId = name.transform((written, context) => {
  const normalized = normalizeName(written);
  // In RFC 2253, escapes can stand for characters that a name must not have.
  const shown = normalized === undefined || isPrintable(normalized);
  if (shown && (normalized !== undefined || !/^[A-Za-z\d.]+=/.test(written))) return normalized ?? written;
  context.addIssue({ code: 'custom', message: 'must be as in RFC 2253, e.g. CN=device-1,O=Acme' });
  return z.NEVER;
});

const certificateCredentials = z.strictObject({
  type: z.literal('x509-cert'),
  'auth-id': certificateAuthId,
  enabled: flag.default(true),
  secrets: z.array(z.strictObject(secretFields)).min(1, 'must have at least one secret'),
  ext: anything.optional(),
});

/** Keys that verify the tokens which a device signs. */
const publicKeyCredentials = z.strictObject({
  type: z.literal('rpk'),
  'auth-id': name,
  enabled: flag.default(true),
  secrets: z.array(publicKeySecretSchema).min(1, 'must have at least one secret'),
  ext: anything.optional(),
});

const credentials = z.discriminatedUnion(
  'type',
  [passwordCredentials, pskCredentials, certificateCredentials, publicKeyCredentials],
  { error: 'must have a type: hashed-password, psk, x509-cert or rpk' },
);

const device = z.strictObject({
  'device-id': name,
  enabled: flag.default(true),
  via: z
    .union([name.transform((gateway) => [gateway]), z.array(name)], 'must be a device id or a list of them')
    .default([]),
  defaults,
  credentials: z.array(credentials).default([]),
  ext: ext.optional(),
});

const adapter = z.looseObject({
  type: name,
  enabled: flag.default(false),
  ext: ext.default({}),
});

const tenant = z.strictObject({
  'tenant-id': name.regex(/^[^/]*$/, 'must not have a slash'),
  alias: z.string().regex(tenantLabel, 'must have 1 to 63 of the characters a to z, 0 to 9 and -').optional(),
  enabled: flag.default(true),
  defaults,
  adapters: z.array(adapter).optional(),
  'resource-limits': z
    .looseObject({
      'max-connections': limit.optional(),
      'max-ttl': limit.optional(),
      'max-ttl-telemetry-qos0': limit.optional(),
      'max-ttl-telemetry-qos1': limit.optional(),
    })
    .default({}),
  'minimum-message-size': anything.optional(),
  // In Hono's registry, tenants of one group may share an authority. Here all tenants may that a server name can tell apart.
  'trust-anchor-group': name.optional(),
  'trusted-ca': z.array(trustedCaSchema, 'must be a list').default([]),
  tracing: anything.optional(),
  ext: ext.optional(),
  // Devices are validated one by one: a file may have mistakes in a hundred thousand of them.
  devices: z.array(anything).default([]),
});

/** The file without its tenants, which are validated one by one. */
export const registryFileSchema: z.ZodType<{ readonly tenants: readonly unknown[] }> = z.strictObject({
  tenants: z.array(anything),
});
export const tenantSchema: z.ZodType<TenantContent> = tenant;
export const deviceSchema: z.ZodType<DeviceContent> = device;

export type TenantContent = z.output<typeof tenant>;
export type DeviceContent = z.output<typeof device>;
export type CredentialsContent = DeviceContent['credentials'][number];
