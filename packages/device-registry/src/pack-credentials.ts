import { createHash, createHmac } from 'node:crypto';
import { deviceRef } from '@rollcall/core';
import type {
  Credentials,
  CredentialsType,
  PasswordSecret,
  PskSecret,
  PublicKeySecret,
  SecretsByType,
  StoredSecret,
} from '@rollcall/core/registry';
import { validityOf } from './formats.ts';
import type { CredentialsContent } from './schema.ts';

interface Packed {
  readonly device: string;
  readonly enabled: boolean;
  readonly secrets: readonly object[];
}

/**
 * Packs the fields of credentials that are looked up into one text. Plain passwords are hashed here, and kept nowhere.
 *
 * @param saltKey the salts of plain passwords are derived from it: with the same key, an unchanged password has the same hash.
 */
export function packCredentials(
  tenant: string,
  device: string,
  content: CredentialsContent,
  saltKey: Uint8Array,
): string {
  const packed: Packed = { device, enabled: content.enabled, secrets: secretsOf(tenant, content, saltKey) };
  return JSON.stringify(packed);
}

export function unpackCredentials<Type extends CredentialsType>(
  type: Type,
  tenant: string,
  authId: string,
  packed: string,
): Credentials<Type> {
  // Only packCredentials makes this text, so it is not checked.
  const { device, enabled, secrets } = JSON.parse(packed) as Packed;
  return {
    device: deviceRef(tenant, device),
    authId,
    enabled,
    type,
    secrets: (type === 'psk' || type === 'rpk' ? secrets.map(unpackKey) : secrets) as SecretsByType[Type][],
  };
}

/** The device of packed credentials. */
export function deviceOfCredentials(packed: string): string {
  return (JSON.parse(packed) as Packed).device;
}

type KeyContent = Extract<CredentialsContent, { type: 'psk' | 'rpk' }>['secrets'][number];
type PackedKey = StoredSecret & { readonly key: string };

function packKey(secret: KeyContent): PackedKey {
  return { key: Buffer.from(secret.key).toString('base64'), ...toStored(secret) };
}

function unpackKey(secret: object): PskSecret | PublicKeySecret {
  const { key, ...stored } = secret as PackedKey;
  return { ...stored, key: Uint8Array.from(Buffer.from(key, 'base64')) };
}

function secretsOf(
  tenant: string,
  content: CredentialsContent,
  saltKey: Uint8Array,
): readonly (PasswordSecret | StoredSecret | PackedKey)[] {
  switch (content.type) {
    case 'hashed-password':
      return enabledOf(content.secrets).map((secret) =>
        toPassword(secret, () => saltOf([tenant, content['auth-id'], secret['pwd-plain']], saltKey)),
      );
    case 'psk':
    case 'rpk':
      return enabledOf(content.secrets).map(packKey);
    case 'x509-cert':
      return enabledOf(content.secrets).map(toStored);
    default:
      return content satisfies never;
  }
}

function enabledOf<Secret extends { readonly enabled: boolean }>(
  secrets: readonly Secret[],
): readonly Secret[] {
  return secrets.filter((secret) => secret.enabled);
}

function toStored(
  content: { readonly id?: string | undefined } & Parameters<typeof validityOf>[0],
): StoredSecret {
  return { ...(content.id !== undefined && { id: content.id }), ...validityOf(content) };
}

type PasswordContent = Extract<CredentialsContent, { type: 'hashed-password' }>['secrets'][number];

function toPassword(content: PasswordContent, salt: () => Uint8Array): PasswordSecret {
  const stored = toStored(content);
  const plain = content['pwd-plain'];
  if (plain !== undefined) {
    const bytes = salt();
    const pwdHash = createHash('sha256').update(bytes).update(plain, 'utf8').digest('base64');
    return { ...stored, hashFunction: 'sha-256', pwdHash, salt: Buffer.from(bytes).toString('base64') };
  }
  return {
    ...stored,
    hashFunction: content['hash-function'],
    pwdHash: content['pwd-hash'] ?? '',
    ...(content.salt !== undefined && { salt: content.salt }),
  };
}

/** A salt for the secret that these parts name. It cannot be predicted without the key. */
function saltOf(parts: readonly unknown[], key: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, 16);
}
