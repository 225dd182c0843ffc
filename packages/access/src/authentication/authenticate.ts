import type { AuthenticationResult } from '../authentication-result.ts';
import type { DeviceLogin } from '../login.ts';
import { authenticateCertificate } from './authenticate-certificate.ts';
import { authenticatePassword } from './authenticate-password.ts';
import { authenticateToken } from './authenticate-token.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import type { PresentedCertificate } from './presented-certificate.ts';
import type { Refused } from './refuse.ts';

/** Finds out who a device is, by what it presented. @param presented its certificate, where that was read already. */
export function authenticate(
  login: DeviceLogin,
  context: AuthenticationContext,
  presented?: PresentedCertificate,
): Promise<AuthenticationResult | Refused> {
  if ('certificate' in login) return authenticateCertificate(login, context, presented);
  return 'token' in login ? authenticateToken(login, context) : authenticatePassword(login, context);
}
