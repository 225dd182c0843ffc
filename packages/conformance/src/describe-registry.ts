import { deviceRef, type DeviceId, type TenantId } from '@rollcall/core';
import type { DeviceRegistry, RegistryChange } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import { createDeviceKey } from './device-key.ts';

/** What a registry must hold for {@link describeRegistry}, in Hono's terms. */
export const registryUnderTestContent = {
  /** `enabled`: with device `sensor` (auth-id `sensor`), `disabled-sensor`, gateway `gw`, `child` (via `gw`), `disabled-gw`. */
  enabledTenant: 'enabled',
  /** Disabled as a whole, with device `sensor`. */
  disabledTenant: 'disabled',
  /** Two keys that `sensor` shares, as auth-id `shared` of the enabled tenant. */
  pskKeys: [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5)],
  /** The key by which tokens of `sensor` are verified, as auth-id `signed` of the enabled tenant. */
  publicKey: createDeviceKey().publicKey,
  /** The auth-id of `sensor` for its certificate. */
  certificateSubject: 'CN=sensor,O=Enabled',
  /** Of the enabled tenant. */
  alias: 'in-use',
  /** The name of a trust anchor that both tenants have. */
  sharedAnchor: 'CN=ca,O=Both',
  /** Names of the trust anchors of the two tenants. */
  trustAnchors: { enabled: 'CN=ca,O=Enabled', disabled: 'CN=ca,O=Disabled' },
} as const;

/**
 * - `password`: `sensor` of the enabled tenant gets another one.
 * - `trust-anchor`: the enabled tenant has no trust anchor any more.
 * - `device`: `sensor` of the enabled tenant is disabled.
 * - `nothing`: the stored content is written again unchanged.
 */
export type RegistryAlteration = 'password' | 'trust-anchor' | 'device' | 'nothing';

export interface RegistryUnderTest {
  /** Holds {@link registryUnderTestContent}. */
  readonly registry: DeviceRegistry;
  /**
   * What listeners are told of. `what-changed` (default): that alone. `what-was-written`: the tenant, or the device, that was written, also
   * where it was only its credentials, and where nothing is different.
   */
  readonly tells?: 'what-changed' | 'what-was-written';
  /** Changes what is stored; resolves when listeners were told. */
  alter(what: RegistryAlteration): Promise<void>;
  /** Ends whatever the test opened besides the registry. */
  cleanUp?(): Promise<void>;
}

/** Opens a registry for one test, and closes it after the test. */
type WithRegistry = (
  use: (
    registry: DeviceRegistry,
    alter: RegistryUnderTest['alter'],
    tells: NonNullable<RegistryUnderTest['tells']>,
  ) => Promise<void>,
) => Promise<void>;

const asTenant = (tenant: string): TenantId => deviceRef(tenant, '').tenant;
const asDevice = (device: string): DeviceId => deviceRef('', device).device;
/** Names that are not in the registry. Some of them are properties of JavaScript objects. */
const unknownNames = ['nowhere', '__proto__', 'constructor', '', '\u0000'];

/** Every registry must pass. */
export function describeRegistry(name: string, open: () => Promise<RegistryUnderTest>): void {
  const withRegistry: WithRegistry = async (use) => {
    const { registry, alter, cleanUp, tells = 'what-changed' } = await open();
    try {
      await use(registry, alter, tells);
    } finally {
      await registry.close();
      await cleanUp?.();
    }
  };
  describe(`${name} honours the DeviceRegistry contract`, () => {
    describeTenants(withRegistry);
    describeCredentials(withRegistry);
    describeChanges(withRegistry);
    describeRegistrations(withRegistry);
  });
}

function describeTenants(withRegistry: WithRegistry): void {
  test('getTenant finds a tenant by its id, also a disabled one', () =>
    withRegistry(async (registry) => {
      expect(await registry.getTenant('enabled')).toMatchObject({
        status: 'found',
        value: { id: 'enabled', enabled: true },
      });
      expect(await registry.getTenant('disabled')).toMatchObject({
        status: 'found',
        value: { enabled: false },
      });
      for (const tenant of unknownNames)
        expect(await registry.getTenant(tenant)).toEqual({ status: 'not-found' });
    }));

  test('getTenantByName finds a tenant by its id or its alias, and getTenant only by its id', () =>
    withRegistry(async (registry) => {
      const { alias } = registryUnderTestContent;
      const found = await registry.getTenant('enabled');
      expect(await registry.getTenantByName('enabled')).toEqual(found);
      expect(await registry.getTenantByName(alias)).toEqual(found);
      expect(await registry.getTenantByName('disabled')).toMatchObject({ value: { enabled: false } });
      for (const name of [...unknownNames, alias.toUpperCase()])
        expect(await registry.getTenantByName(name)).toEqual({ status: 'not-found' });
      expect(await registry.getTenant(alias)).toEqual({ status: 'not-found' });
    }));

  test('getTenantByTrustAnchor finds none where several tenants have a trust anchor of the name', () =>
    withRegistry(async (registry) => {
      const { sharedAnchor } = registryUnderTestContent;
      expect(await registry.getTenantByTrustAnchor(sharedAnchor)).toEqual({ status: 'not-found' });
    }));

  test('getTenantByTrustAnchor finds a tenant by the name of its trust anchor, also a disabled one', () =>
    withRegistry(async (registry) => {
      for (const [tenant, subjectDn] of Object.entries(registryUnderTestContent.trustAnchors)) {
        const answer = await registry.getTenantByTrustAnchor(subjectDn);
        expect(answer).toMatchObject({
          status: 'found',
          value: {
            id: tenant,
            trustAnchors: expect.arrayContaining([expect.objectContaining({ subjectDn })]),
          },
        });
        expect(answer).toEqual(await registry.getTenant(tenant));
      }
      for (const subjectDn of unknownNames)
        expect(await registry.getTenantByTrustAnchor(subjectDn)).toEqual({ status: 'not-found' });
    }));
}

function describeCredentials(withRegistry: WithRegistry): void {
  test('getCredentials finds a password by tenant, type and auth-id, and only by all three', () =>
    withRegistry(async (registry) => {
      const query = { tenant: asTenant('enabled'), type: 'hashed-password', authId: 'sensor' } as const;
      expect(await registry.getCredentials(query)).toMatchObject({
        status: 'found',
        value: { device: { tenant: 'enabled', device: 'sensor' }, authId: 'sensor', enabled: true },
      });
      for (const authId of unknownNames)
        expect(await registry.getCredentials({ ...query, authId })).toEqual({ status: 'not-found' });
      for (const type of ['psk', 'x509-cert', 'rpk'] as const)
        expect(await registry.getCredentials({ ...query, type })).toEqual({ status: 'not-found' });
      for (const tenant of unknownNames)
        expect(await registry.getCredentials({ ...query, tenant: asTenant(tenant) })).toEqual({
          status: 'not-found',
        });
    }));

  test('getCredentials answers with each of the pre-shared keys of a device', () =>
    withRegistry(async (registry) => {
      const answer = await registry.getCredentials({
        tenant: asTenant('enabled'),
        type: 'psk',
        authId: 'shared',
      });
      if (answer.status !== 'found') throw new Error(answer.status);
      expect(answer.value.device).toEqual(deviceRef('enabled', 'sensor'));
      expect(answer.value.secrets.map(({ key }) => key)).toEqual(registryUnderTestContent.pskKeys);
    }));

  test('getCredentials answers with the public key of a device', () =>
    withRegistry(async (registry) => {
      const query = { tenant: asTenant('enabled'), type: 'rpk', authId: 'signed' } as const;
      const answer = await registry.getCredentials(query);
      if (answer.status !== 'found') throw new Error(answer.status);
      expect(answer.value.device).toEqual(deviceRef('enabled', 'sensor'));
      expect(answer.value.secrets.map(({ key }) => key)).toEqual([registryUnderTestContent.publicKey]);
    }));

  test('getCredentials finds a certificate by its subject, whose letters keep their case', () =>
    withRegistry(async (registry) => {
      const query = { tenant: asTenant('enabled'), type: 'x509-cert' } as const;
      const { certificateSubject } = registryUnderTestContent;
      const answer = await registry.getCredentials({ ...query, authId: certificateSubject });
      expect(answer).toMatchObject({ status: 'found', value: { device: { device: 'sensor' } } });
      const lower = certificateSubject.toLowerCase();
      expect(await registry.getCredentials({ ...query, authId: lower })).toEqual({ status: 'not-found' });
    }));
}

function describeChanges(withRegistry: WithRegistry): void {
  test.each<readonly [RegistryAlteration, readonly RegistryChange[]]>([
    [
      'password',
      [
        {
          type: 'credentials',
          tenant: asTenant('enabled'),
          credentialsType: 'hashed-password',
          authId: 'sensor',
        },
      ],
    ],
    ['trust-anchor', [{ type: 'tenant', tenant: asTenant('enabled') }]],
    ['device', [{ type: 'device', device: deviceRef('enabled', 'sensor') }]],
    ['nothing', []],
  ])('listeners are told once of a change of %s, when the answers are new already', (what, changed) =>
    withRegistry(async (registry, alter, tells) => {
      const told: RegistryChange[] = [];
      const asked: Promise<unknown>[] = [];
      const device = deviceRef('enabled', 'sensor');
      const query = { tenant: device.tenant, type: 'hashed-password', authId: 'sensor' } as const;
      const ask = (): Promise<unknown> =>
        Promise.all([
          registry.getTenant('enabled'),
          registry.getCredentials(query),
          registry.assertRegistration(device),
        ]);
      const before = await ask();
      const unsubscribe = registry.onChange(() =>
        told.push({ type: 'tenant', tenant: asTenant('unsubscribed') }),
      );
      unsubscribe();
      registry.onChange((change) => {
        told.push(change);
        asked.push(ask());
      });
      await alter(what);
      expect(told).toEqual(tells === 'what-changed' ? changed : [written(what)]);
      if (what !== 'nothing') for (const answers of asked) expect(await answers).not.toEqual(before);
      if (what === 'nothing') expect(await ask(), 'secrets are the same').toEqual(before);
    }),
  );
}

/** What a registry tells of that knows only what was written. */
function written(what: RegistryAlteration): RegistryChange {
  return what === 'trust-anchor'
    ? { type: 'tenant', tenant: asTenant('enabled') }
    : { type: 'device', device: deviceRef('enabled', 'sensor') };
}

function describeRegistrations(withRegistry: WithRegistry): void {
  test.each([
    ['a device for itself', 'sensor', undefined, 'found'],
    ['a disabled device', 'disabled-sensor', undefined, 'not-found'],
    ['an unknown device', 'nobody', undefined, 'not-found'],
    ['a gateway for its device', 'child', 'gw', 'found'],
    ['a gateway for a device of another', 'sensor', 'gw', 'not-authorized'],
    ['a gateway for an unknown device', 'nobody', 'gw', 'not-found'],
    ['a disabled gateway', 'child', 'disabled-gw', 'not-authorized'],
    ['an unknown gateway', 'child', 'nobody', 'not-authorized'],
  ])('assertRegistration for %s (device %s, gateway %s) answers %s', (_what, device, gateway, status) =>
    withRegistry(async (registry) => {
      const answer = await registry.assertRegistration(
        deviceRef('enabled', device),
        gateway === undefined ? undefined : asDevice(gateway),
      );
      expect(answer.status).toBe(status);
      if (answer.status === 'found') expect(answer.value.device).toEqual(deviceRef('enabled', device));
    }),
  );
}
