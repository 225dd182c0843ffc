import { createHash, randomBytes } from 'node:crypto';
import {
  deviceRef,
  type Credentials,
  type CredentialsType,
  type PasswordSecret,
  type PskSecret,
} from '@rollcall/core';
import { validityOf } from './formats.ts';
import type { CredentialsContent, DeviceContent } from './schema.ts';

/** Credentials of a tenant by type, and by auth-id. */
export type CredentialsIndex = {
  readonly [Type in CredentialsType]: ReadonlyMap<string, Credentials<Type>>;
};

/** Prepares the credentials of a tenant's devices for look-ups. Plain passwords are hashed here and kept nowhere. */
export function indexCredentials(tenant: string, devices: readonly DeviceContent[]): CredentialsIndex {
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
          secrets: enabled(content.secrets).map(toPassword),
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
          secrets: enabled(content.secrets).map(validityOf),
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

function toKey(content: Extract<CredentialsContent, { type: 'psk' }>['secrets'][number]): PskSecret {
  return { key: content.key, ...validityOf(content) };
}

type PasswordContent = Extract<CredentialsContent, { type: 'hashed-password' }>['secrets'][number];

function toPassword(content: PasswordContent): PasswordSecret {
  const validity = validityOf(content);
  const plain = content['pwd-plain'];
  if (plain !== undefined) {
    const salt = randomBytes(16);
    const pwdHash = createHash('sha256').update(salt).update(plain, 'utf8').digest('base64');
    return { ...validity, hashFunction: 'sha-256', pwdHash, salt: salt.toString('base64') };
  }
  return {
    ...validity,
    hashFunction: content['hash-function'],
    pwdHash: content['pwd-hash'] ?? '',
    ...(content.salt !== undefined && { salt: content.salt }),
  };
}
