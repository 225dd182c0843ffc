import { createHash, createHmac } from 'node:crypto';
import {
  deviceRef,
  type Credentials,
  type CredentialsType,
  type PasswordSecret,
  type PskSecret,
  type StoredSecret,
} from '@rollcall/core';
import { validityOf } from './formats.ts';
import type { CredentialsContent, DeviceContent } from './schema.ts';

/** Credentials of a tenant by type, and by auth-id. */
export type CredentialsIndex = {
  readonly [Type in CredentialsType]: ReadonlyMap<string, Credentials<Type>>;
};

/**
 * Prepares the credentials of a tenant's devices for look-ups. Plain passwords are hashed here and kept nowhere.
 *
 * @param saltKey what salts of plain passwords are made with: under the same key, a password that did not change has the same hash.
 */
export function indexCredentials(
  tenant: string,
  devices: readonly DeviceContent[],
  saltKey: Uint8Array,
): CredentialsIndex {
  const index = {
    'hashed-password': new Map<string, Credentials<'hashed-password'>>(),
    psk: new Map<string, Credentials<'psk'>>(),
    'x509-cert': new Map<string, Credentials<'x509-cert'>>(),
  };
  function add(device: Credentials['device'], content: CredentialsContent): void {
    const authId = content['auth-id'];
    const shared = { device, authId, enabled: content.enabled };
    switch (content.type) {
      case 'hashed-password':
        index['hashed-password'].set(authId, {
          ...shared,
          type: 'hashed-password',
          secrets: enabled(content.secrets).map((secret) =>
            toPassword(secret, () => saltOf([tenant, authId, secret['pwd-plain']], saltKey)),
          ),
        });
        return;
      case 'psk':
        index.psk.set(authId, {
          ...shared,
          type: 'psk',
          secrets: enabled(content.secrets).map(toKey),
        });
        return;
      case 'x509-cert':
        index['x509-cert'].set(authId, {
          ...shared,
          type: 'x509-cert',
          secrets: enabled(content.secrets).map(toStored),
        });
        return;
      case 'rpk':
        // Nobody verifies them yet.
        return;
      default:
        content satisfies never;
    }
  }
  for (const device of devices)
    for (const each of device.credentials) add(deviceRef(tenant, device['device-id']), each);
  return index;
}

function enabled<Secret extends { readonly enabled: boolean }>(
  secrets: readonly Secret[],
): readonly Secret[] {
  return secrets.filter((secret) => secret.enabled);
}

function toStored(
  content: { readonly id?: string | undefined } & Parameters<typeof validityOf>[0],
): StoredSecret {
  return { ...(content.id !== undefined && { id: content.id }), ...validityOf(content) };
}

function toKey(content: Extract<CredentialsContent, { type: 'psk' }>['secrets'][number]): PskSecret {
  return { key: content.key, ...toStored(content) };
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

/** A salt for whatever these parts name, which nobody can foresee who does not have the key. */
function saltOf(parts: readonly unknown[], key: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, 16);
}
