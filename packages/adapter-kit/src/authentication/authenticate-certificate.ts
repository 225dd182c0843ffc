import { isValidAt, type Timestamp } from '@rollcall/core';
import type { AuthenticationResult, CertificateLogin } from '../protocol-adapter.ts';
import { authIdOf } from './auth-id-of.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { identify, usableCredentials, usableTenant } from './look-up.ts';
import { readPresentedCertificate } from './presented-certificate.ts';
import { refuse } from './refuse.ts';
import { maxNameLength } from './split-username.ts';
import { validityOf, verifyCertificate } from './verify-certificate.ts';

/**
 * Finds out who the holder of a certificate is (`docs/hono-compatibility.md` §13): the tenant by the certificate's issuer, the
 * credentials by its subject. That the device holds the key, TLS has proved.
 */
export async function authenticateCertificate(
  { certificate, remoteIp }: CertificateLogin,
  context: AuthenticationContext,
): Promise<AuthenticationResult> {
  if (context.failures.blocked(remoteIp)) return refuse('throttled');
  const result = await authenticate(certificate, context);
  if (result.status === 'refused' && result.refusal.reason === 'bad-credentials')
    context.failures.failed(remoteIp);
  return result;
}

async function authenticate(der: Uint8Array, context: AuthenticationContext): Promise<AuthenticationResult> {
  const presented = readPresentedCertificate(der);
  if (!presented) return refuse('bad-credentials');
  const { registry, adapterType, clock } = context;
  const tenant = usableTenant(await registry.getTenantByTrustAnchor(presented.issuerDn), adapterType);
  if (tenant.status === 'refused') return tenant;
  const now = clock.now();
  const anchor = verifyCertificate(presented, tenant.value.trustAnchors ?? [], now);
  const authId = anchor && authIdOf(presented, anchor);
  if (authId === undefined || authId.length > maxNameLength) return refuse('bad-credentials');

  const found = await usableCredentials(tenant.value.id, 'x509-cert', authId, context);
  if (found.status === 'refused') return found;
  const valid = found.value.secrets.filter((secret) => isValidAt(secret, now));
  if (valid.length === 0) return refuse('bad-credentials');
  const expiresAt = Math.min(
    validityOf(presented.x509).notAfter ?? Infinity,
    anchor?.notAfter ?? Infinity,
    Math.max(...valid.map(({ notAfter }) => notAfter ?? Infinity)),
  );
  return identify(found.value, tenant.value, context, expiresAt as Timestamp);
}
