import { createCertificateAuthority, createDeviceKey } from '@rollcall/conformance/certificates';
import {
  hashed,
  scriptedAuthorities,
  scriptedDeviceKey,
  scriptedKey,
  scriptedPassword,
  type ScriptedRegistry,
} from '@rollcall/conformance/registry';
import type { Timestamp } from '@rollcall/core';
import { credentialsTypes, type CredentialsType, type StoredSecret } from '@rollcall/core/registry';
import type { AccessEnd } from '@rollcall/access';

/** Something that happens in the registry while `thermostat-7@acme` is connected with its first secret, `id: '1'`. */
export interface AccessChange {
  readonly what: string;
  happens(registry: ScriptedRegistry, type: CredentialsType, now: Timestamp): void;
  /** What becomes of whatever the secret opened. */
  readonly opened: AccessEnd | 'stays';
  /** What becomes of the lease of the device. */
  readonly lease: AccessEnd | 'stays';
  /** Default: of every type. */
  readonly only?: readonly CredentialsType[];
}

/** Gives every device one secret of the type. Credentials of other types, which would keep its lease, `thermostat-7` of `acme` has none. */
export function setFirstSecret(
  registry: ScriptedRegistry,
  type: CredentialsType,
  facts: Partial<StoredSecret> = {},
): void {
  for (const other of credentialsTypes)
    if (other !== type) registry.setCredentials('acme', 'thermostat-7', other, 'deleted');
  setSecrets(registry, type, [{ id: '1', ...facts }]);
}

function setSecrets(registry: ScriptedRegistry, type: CredentialsType, facts: readonly StoredSecret[]): void {
  const secrets = {
    'hashed-password': facts.map((each) => hashed(scriptedPassword, each)),
    psk: facts.map((each) => ({ key: scriptedKey, ...each })),
    'x509-cert': facts,
    rpk: facts.map((each) => ({ key: scriptedDeviceKey.publicKey, ...each })),
  };
  registry.setSecrets(type, secrets[type]);
}

const { acme } = scriptedAuthorities;
const anchor = { subjectDn: acme.subject, publicKey: acme.publicKey };
const revokedSecret = { opened: 'access-revoked', lease: 'stays' } as const;
const revokedDevice = { opened: 'access-revoked', lease: 'access-revoked' } as const;
const expired = { opened: 'credentials-expired', lease: 'stays' } as const;
const nothing = { opened: 'stays', lease: 'stays' } as const;
const certificates = { only: ['x509-cert'] } as const;

/** To a secret of any type. */
const toSecrets: readonly AccessChange[] = [
  {
    what: 'its secret is removed, or disabled, and another stays',
    happens: (registry, type) => setSecrets(registry, type, [{ id: '2' }]),
    ...revokedSecret,
  },
  {
    what: 'its only secret is disabled',
    happens: (registry, type) => setSecrets(registry, type, []),
    ...revokedSecret,
  },
  {
    what: 'its password is hashed again',
    happens: (registry) =>
      registry.setSecrets('hashed-password', [{ ...hashed(scriptedPassword, { id: '1' }), salt: 'AAAA' }]),
    ...revokedSecret,
    only: ['hashed-password'],
  },
  {
    what: 'its key is replaced',
    happens: (registry) => registry.setSecrets('psk', [{ id: '1', key: Uint8Array.of(1) }]),
    ...revokedSecret,
    only: ['psk'],
  },
  {
    what: 'its public key is replaced',
    happens: (registry) => registry.setSecrets('rpk', [{ id: '1', key: createDeviceKey().publicKey }]),
    ...revokedSecret,
    only: ['rpk'],
  },
  {
    what: 'its secret is declared to have expired',
    happens: (registry, type, now) => setSecrets(registry, type, [{ id: '1', notAfter: now }]),
    ...expired,
  },
  {
    what: 'its secret is declared not to be valid yet',
    happens: (registry, type, now) =>
      setSecrets(registry, type, [{ id: '1', notBefore: (now + 1_000) as Timestamp }]),
    ...revokedSecret,
  },
];

/** To the credentials, the device, or the tenant. */
const toDevices: readonly AccessChange[] = [
  {
    what: 'its credentials are disabled',
    happens: (registry, type) => registry.setCredentials('acme', 'thermostat-7', type, 'disabled'),
    ...revokedDevice,
  },
  {
    what: 'its credentials are deleted',
    happens: (registry, type) => registry.setCredentials('acme', 'thermostat-7', type, 'deleted'),
    ...revokedDevice,
  },
  {
    what: 'its auth-id becomes that of another device',
    happens: (registry, type) =>
      registry.setCredentials('acme', 'thermostat-7', type, { movedTo: 'valve-1' }),
    ...revokedDevice,
  },
  {
    what: 'the device is disabled',
    happens: (registry) => registry.disable('acme', 'thermostat-7'),
    ...revokedDevice,
  },
  { what: 'the tenant is disabled', happens: (registry) => registry.disable('acme'), ...revokedDevice },
  {
    what: 'the tenant is deleted',
    happens: (registry) => registry.setTenant('acme', 'deleted'),
    ...revokedDevice,
  },
  {
    what: 'the adapter is disabled for the tenant',
    happens: (registry) => registry.setTenant('acme', { adapters: [] }),
    ...revokedDevice,
  },
];

/** To the authority of its certificate. */
const toTrustAnchors: readonly AccessChange[] = [
  {
    what: 'its trust anchor is removed',
    happens: (registry) => registry.setTenant('acme', { trustAnchors: [] }),
    ...revokedSecret,
    ...certificates,
  },
  {
    what: 'its trust anchor gets another key',
    happens(registry) {
      const { publicKey } = createCertificateAuthority(acme.subject);
      registry.setTenant('acme', { trustAnchors: [{ ...anchor, publicKey }] });
    },
    ...revokedSecret,
    ...certificates,
  },
  {
    what: 'its trust anchor names devices differently',
    happens: (registry) =>
      registry.setTenant('acme', { trustAnchors: [{ ...anchor, authIdTemplate: '{{subject-cn}}' }] }),
    ...revokedSecret,
    ...certificates,
  },
  {
    what: 'its trust anchor is declared to have expired',
    happens: (registry, _type, now) =>
      registry.setTenant('acme', { trustAnchors: [{ ...anchor, notAfter: now }] }),
    ...expired,
    ...certificates,
  },
];

/** That must not be felt. */
const elsewhere: readonly AccessChange[] = [
  { what: 'nothing changes', happens: (registry) => registry.touch('acme', 'thermostat-7'), ...nothing },
  {
    what: 'its secret is to be valid for longer, and another comes',
    happens: (registry, type, now) =>
      setSecrets(registry, type, [{ id: '0' }, { id: '1', notAfter: (now + 1_000_000) as Timestamp }]),
    ...nothing,
  },
  {
    what: 'another device loses its credentials',
    happens: (registry, type) => registry.setCredentials('acme', 'valve-1', type, 'deleted'),
    ...nothing,
  },
  {
    what: 'another tenant trusts others',
    happens: (registry) => registry.setTenant('umbrella', { trustAnchors: [] }),
    ...nothing,
  },
];

/** What may happen in the registry to a device that came in by credentials of this type; and what must come of it. */
export function accessChangesOf(type: CredentialsType): readonly AccessChange[] {
  return [...toSecrets, ...toDevices, ...toTrustAnchors, ...elsewhere].filter(
    ({ only }) => !only || only.includes(type),
  );
}
