import { deviceRef } from '@rollcall/core';
import type { Credentials, PasswordSecret } from '@rollcall/core/registry';

/** The password of a registry user, in the form that the password verifier takes. */
export function passwordCredentials(name: string, secret: PasswordSecret): Credentials<'hashed-password'> {
  return {
    device: deviceRef('', name),
    type: 'hashed-password',
    authId: name,
    enabled: true,
    secrets: [secret],
  };
}
