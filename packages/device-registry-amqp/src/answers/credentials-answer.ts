import { deviceRef, type TenantId } from '@rollcall/core';
import type { Credentials, CredentialsType, SecretsByType, StoredSecret } from '@rollcall/core/registry';
import { normalizeName } from '@rollcall/core/x509';
import {
  answeredPublicKeySchema,
  bytes,
  flag,
  secretFields,
  validityOf,
} from '@rollcall/device-registry/internal';
import { z } from 'zod';
import { nameSchema } from './names.ts';

interface CredentialsQuery<Type extends CredentialsType> {
  readonly tenant: TenantId;
  readonly type: Type;
  readonly authId: string;
}

type SecretContent = { readonly enabled: boolean; readonly id?: string | undefined } & Parameters<
  typeof validityOf
>[0];

function stored(content: SecretContent): StoredSecret {
  return { ...(content.id !== undefined && { id: content.id }), ...validityOf(content) };
}

/** A disabled secret counts as none. */
function secretOf<Content extends SecretContent, Secret>(
  schema: z.ZodType<Content>,
  secret: (content: Content) => Secret,
): z.ZodType<Secret | undefined> {
  return schema.transform((content) => (content.enabled ? secret(content) : undefined));
}

/** The longest key that libraries accept. */
const maxKeyBytes = 512;

const password = z.object({
  ...secretFields,
  'hash-function': z.string().default('sha-256'),
  'pwd-hash': z.string().min(1),
  salt: z.base64().optional(),
});

const secretSchemas: { readonly [Type in CredentialsType]: z.ZodType<SecretsByType[Type] | undefined> } = {
  'hashed-password': secretOf(password, (content) => ({
    ...stored(content),
    // As in Hono: any other function counts as bcrypt, and its verification then fails.
    hashFunction:
      content['hash-function'] === 'sha-256' || content['hash-function'] === 'sha-512'
        ? content['hash-function']
        : 'bcrypt',
    pwdHash: content['pwd-hash'],
    ...(content.salt !== undefined && { salt: content.salt }),
  })),
  psk: secretOf(
    z.object({ ...secretFields, key: bytes.refine(({ length }) => length > 0 && length <= maxKeyBytes) }),
    (content) => ({ ...stored(content), key: content.key }),
  ),
  'x509-cert': secretOf(z.object(secretFields), stored),
  rpk: secretOf(answeredPublicKeySchema, (content) => ({ ...stored(content), key: content.key })),
};

const credentials = z.object({
  'device-id': nameSchema,
  type: z.string(),
  'auth-id': z.string(),
  enabled: flag.default(true),
  secrets: z.array(z.unknown()).max(1_000),
});

export type CredentialsContent = z.output<typeof credentials>;

export const credentialsAnswerSchema: z.ZodType<CredentialsContent> = credentials;

/**
 * Credentials that were asked for; `undefined`: these are others. A mix-up in the service must let no device in. Secrets that are disabled,
 * or cannot be used, are left out: a registry may have a password without its hash.
 */
export function credentialsOf<Type extends CredentialsType>(
  { tenant, type, authId }: CredentialsQuery<Type>,
  content: CredentialsContent,
): Credentials<Type> | undefined {
  if (content.type !== type || !isSame(type, content['auth-id'], authId)) return undefined;
  const secret: z.ZodType<SecretsByType[Type] | undefined> = secretSchemas[type];
  return {
    device: deviceRef(tenant, content['device-id']),
    type,
    authId,
    enabled: content.enabled,
    secrets: content.secrets.flatMap((each) => secret.safeParse(each).data ?? []),
  };
}

/** The subject of a certificate may be written in several ways. */
function isSame(type: CredentialsType, answered: string, asked: string): boolean {
  if (answered === asked) return true;
  return (
    type === 'x509-cert' &&
    normalizeName(answered) !== undefined &&
    normalizeName(answered) === normalizeName(asked)
  );
}
