import type { Timestamp } from '@rollcall/core';
import type { AuthenticationResult } from '../authentication-result.ts';
import type { CertificateLogin } from '../login.ts';
import { authIdOf } from './auth-id-of.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { longestValid } from './longest-valid.ts';
import {
  identify,
  identifyUnserved,
  knownTenant,
  presentedBy,
  usableCredentials,
  usableTenant,
} from './look-up.ts';
import { tenantOfCertificate } from './tenant-of-certificate.ts';
import { readPresentedCertificate, type PresentedCertificate } from './presented-certificate.ts';
import { anchorKeyOf, secretKeyOf, type Proof } from './proof.ts';
import { refuse, type Refused } from './refuse.ts';
import { maxNameLength } from './split-username.ts';
import { validityOf, verifyCertificate } from './verify-certificate.ts';

/**
 * Finds out who the holder of a certificate is (`docs/hono-compatibility.md` §13): the tenant by the certificate's issuer or the
 * server name, the credentials by its subject. That the device holds the key, TLS has proved.
 */
export async function authenticateCertificate(
  login: CertificateLogin,
  context: AuthenticationContext,
  presented: PresentedCertificate | undefined = readPresentedCertificate(login),
): Promise<AuthenticationResult | Refused> {
  const { certificate, serverName, served = 'now', clientContext } = login;
  if (!presented) return refuse('bad-credentials', 'credentials-malformed');
  const { registry, adapterType, clock } = context;
  const answer = await tenantOfCertificate(presented, serverName, registry);
  const tenant = served === 'now' ? usableTenant(answer, adapterType) : knownTenant(answer);
  if (tenant.status === 'refused')
    return answer.status === 'found' ? { ...tenant, tenant: answer.value.id } : tenant;
  const now = clock.now();
  const anchor = verifyCertificate(presented, tenant.value.trustAnchors ?? [], now);
  const authId = anchor && authIdOf(presented, anchor);
  const refusedIn = (refused: Refused): Refused => ({ ...refused, tenant: tenant.value.id });
  if (!anchor || authId === undefined || authId.length > maxNameLength)
    return refusedIn(refuse('bad-credentials', 'certificate-untrusted'));

  const found = await usableCredentials(tenant.value.id, 'x509-cert', authId, context, {
    ...presentedBy(clientContext),
    ...(anchor.registersDevices && { certificate }),
  });
  if (found.status === 'refused') return refusedIn(found);
  // All of them say the same of the certificate but for how long it counts.
  const secret = longestValid(found.value.secrets, now);
  if (!secret) return refusedIn(refuse('bad-credentials', 'secret-expired'));
  const { notAfter } = validityOf(presented.x509);
  const proof: Proof = {
    type: 'x509-cert',
    authId: found.value.authId,
    secretKey: secretKeyOf('x509-cert', secret),
    certificate: {
      fingerprint: presented.x509.fingerprint256,
      notAfter,
      anchorKey: anchorKeyOf(anchor),
    },
  };
  const expiresAt = Math.min(notAfter, anchor.notAfter ?? Infinity, secret.notAfter ?? Infinity) as Timestamp;
  const identifyAs = served === 'now' ? identify : identifyUnserved;
  const identified = await identifyAs(found.value, tenant.value, context, { proof, expiresAt });
  return identified.status === 'refused' ? refusedIn(identified) : identified;
}
