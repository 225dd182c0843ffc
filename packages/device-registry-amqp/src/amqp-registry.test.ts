import { describeRegistry, registryUnderTestContent } from '@rollcall/conformance/registry';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { openBed } from './testing/registry-bed.ts';
import { StoredRegistry } from './testing/stored-registry.ts';

const { pskKeys, certificateSubject, trustAnchors, alias, sharedAnchor, publicKey } =
  registryUnderTestContent;
const authority = createCertificateAuthority(trustAnchors.enabled);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const anchor = (subject: string): object => ({
  'subject-dn': subject,
  'public-key': base64(authority.publicKey),
});
const password = (pwdHash: string): object => ({
  type: 'hashed-password',
  'auth-id': 'sensor',
  secrets: [{ id: '1', 'hash-function': 'sha-256', 'pwd-hash': pwdHash, salt: 'c2FsdA==' }],
});
const others = [
  { type: 'psk', 'auth-id': 'shared', secrets: pskKeys.map((key) => ({ key: base64(key) })) },
  { type: 'x509-cert', 'auth-id': certificateSubject, secrets: [{}] },
  { type: 'rpk', 'auth-id': 'signed', secrets: [{ algorithm: 'EC', key: base64(publicKey) }] },
];

function underTest(): StoredRegistry {
  const stored = new StoredRegistry();
  stored.putTenant('enabled', { 'trusted-ca': [anchor(trustAnchors.enabled), anchor(sharedAnchor)] }, alias);
  stored.putTenant('disabled', {
    enabled: false,
    'trusted-ca': [anchor(trustAnchors.disabled), anchor(sharedAnchor)],
  });
  stored.putDevice('enabled', 'sensor');
  stored.putDevice('enabled', 'disabled-sensor', { enabled: false });
  stored.putDevice('enabled', 'gw');
  stored.putDevice('enabled', 'disabled-gw', { enabled: false });
  stored.putDevice('enabled', 'child', { via: ['gw', 'disabled-gw'] });
  stored.putDevice('disabled', 'sensor');
  stored.putCredentials('enabled', 'sensor', password('AAAA'), ...others);
  return stored;
}

describeRegistry('AMQP', async () => {
  const { registry, services, notifications, close } = await openBed({ stored: underTest() });
  const { stored } = services;
  return {
    registry,
    tells: 'what-was-written',
    async alter(what) {
      switch (what) {
        case 'password':
          stored.putCredentials('enabled', 'sensor', password('BBBB'), ...others);
          return notifications.credentialsChanged('enabled', 'sensor');
        case 'trust-anchor':
          stored.putTenant('enabled', {}, alias);
          return notifications.tenantChanged('enabled', { 'invalidate-cache-on-update': false });
        case 'device':
          stored.putDevice('enabled', 'sensor', { enabled: false });
          return notifications.deviceChanged('enabled', 'sensor', { enabled: false });
        case 'nothing':
          stored.putDevice('enabled', 'sensor');
          return notifications.deviceChanged('enabled', 'sensor');
        default:
          return what satisfies never;
      }
    },
    cleanUp: close,
  };
});
