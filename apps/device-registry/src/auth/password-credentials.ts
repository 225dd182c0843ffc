import { deviceRef } from '@rollcall/core';
import type { Credentials, PasswordSecret } from '@rollcall/core/registry';

/** A user of the registry, as the verifier of passwords takes it. */
export function passwordCredentials(name: string, secret: PasswordSecret): Credentials<'hashed-password'> {
  return {
    device: deviceRef('', name),
    type: 'hashed-password',
    authId: name,
    enabled: true,
    secrets: [secret],
  };
}
