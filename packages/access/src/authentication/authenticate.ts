import type { AuthenticationResult } from '../authentication-result.ts';
import type { DeviceLogin } from '../login.ts';
import { authenticateCertificate } from './authenticate-certificate.ts';
import { authenticatePassword } from './authenticate-password.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import type { Refused } from './refuse.ts';

/** Finds out who a device is by whatever it presented. */
export function authenticate(
  login: DeviceLogin,
  context: AuthenticationContext,
): Promise<AuthenticationResult | Refused> {
  return 'certificate' in login
    ? authenticateCertificate(login, context)
    : authenticatePassword(login, context);
}
