import { createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import type { Clock } from '@rollcall/core/environment';
import { formatName, readCertificateParts, type DistinguishedName } from '@rollcall/core/x509';
import { provisioningAuthority } from '../amqp/decide-registration.ts';
import { isAuthorityValid } from '../amqp/tenant-object.ts';
import type { CertificateOutcome, CertificateProvisioning } from '../amqp/credentials-service.ts';
import type { CredentialContent, DeviceContent, TrustedCaContent } from '../store/registry-content.ts';
import type { RegistryStore, StoredTenant } from '../store/registry-store.ts';
import { expandTemplate } from './expand-template.ts';
import { isEventPending } from './is-event-pending.ts';
import { newVersion } from './new-version.ts';
import type { ProvisioningNotifier } from './provisioning-notifier.ts';
import { refusalOf, refused } from './refusal-of.ts';

export interface CertificateProvisioningOptions {
  readonly store: Pick<RegistryStore, 'write' | 'credentialsBy'>;
  readonly notifier: Pick<ProvisioningNotifier, 'send'>;
  readonly clock: Pick<Clock, 'now'>;
  isDeviceId(id: string): boolean;
}

/** Registers devices or gateways that present a certificate whose authority is enabled for auto-provisioning in their tenant. */
export function createCertificateProvisioning(
  options: CertificateProvisioningOptions,
): CertificateProvisioning {
  const { clock, notifier, isDeviceId } = options;
  return {
    async provision(tenant, authId, encoded) {
      const certificate = readCertificate(encoded);
      if (!certificate) return refused(400);
      const authority = authorityOf(tenant, certificate, clock.now());
      if (!authority) return refused(404);
      const template = authority['auto-provisioning-device-id-template'];
      const deviceId = template === undefined ? randomUUID() : expandTemplate(template, certificate.subject);
      if (deviceId === undefined || !isDeviceId(deviceId)) return refused(400);
      return write(options, tenant, authId, deviceId, authority);
    },
    sendEvent: async (tenant, device) => (isEventPending(device) ? notifier.send(tenant, device.id) : 'sent'),
  };
}

async function write(
  { store, clock, notifier }: CertificateProvisioningOptions,
  tenant: StoredTenant,
  authId: string,
  deviceId: string,
  authority: TrustedCaContent,
): Promise<CertificateOutcome> {
  const at = clock.now();
  const comment = `Auto-provisioned at ${new Date(at).toISOString()}`;
  const credentials: CredentialContent = {
    type: 'x509-cert',
    'auth-id': authId,
    enabled: true,
    comment,
    secrets: [{ id: randomUUID() }],
  };
  const outcome = await store.write({
    kind: 'provision-device',
    tenant: tenant.id,
    device: deviceId,
    version: newVersion(),
    at,
    content: deviceContent(comment, authority),
    credentials,
  });
  switch (outcome.status) {
    case 'done': {
      const sent = await notifier.send(tenant, deviceId);
      return sent === 'sent' ? { status: 'registered', deviceId, credentials } : refused(sent);
    }
    case 'exists':
      return registeredMeanwhile(store, notifier, tenant, authId);
    default:
      return refusalOf(outcome);
  }
}

/** Nothing was written: another request was first, or another device has this id. */
async function registeredMeanwhile(
  store: Pick<RegistryStore, 'credentialsBy'>,
  notifier: Pick<ProvisioningNotifier, 'send'>,
  tenant: StoredTenant,
  authId: string,
): Promise<CertificateOutcome> {
  const { found } = await store.credentialsBy(tenant.id, 'x509-cert', authId);
  if (!found || found.credentials.enabled === false) return refused(409);
  const { device, credentials } = found;
  const sent = isEventPending(device) ? await notifier.send(tenant, device.id) : 'sent';
  return sent === 'sent' ? { status: 'registered', deviceId: device.id, credentials } : refused(sent);
}

function deviceContent(comment: string, authority: TrustedCaContent): DeviceContent {
  const isGateway = authority['auto-provision-as-gateway'] === true;
  return {
    enabled: true,
    ext: { comment },
    ...(isGateway && { authorities: [provisioningAuthority] }),
  };
}

interface ReadCertificate {
  readonly certificate: X509Certificate;
  readonly subject: DistinguishedName;
  readonly issuer: string;
}

function readCertificate(encoded: unknown): ReadCertificate | undefined {
  if (typeof encoded !== 'string') return undefined;
  try {
    const der = Buffer.from(encoded, 'base64');
    const { subject, issuer } = readCertificateParts(der);
    return { certificate: new X509Certificate(der), subject, issuer: formatName(issuer) };
  } catch {
    return undefined;
  }
}

/** Whether the authority signed the certificate: anyone could use its name. The adapter has checked all else. */
function authorityOf(
  { content }: StoredTenant,
  { certificate, issuer }: ReadCertificate,
  now: number,
): TrustedCaContent | undefined {
  return content['trusted-ca']?.find(
    (each) =>
      each['auto-provisioning-enabled'] === true &&
      each['subject-dn'] === issuer &&
      isAuthorityValid(each, now) &&
      isSignedBy(certificate, each['public-key']),
  );
}

function isSignedBy(certificate: X509Certificate, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return certificate.verify(key);
  } catch {
    return false;
  }
}
