import { hash } from 'node:crypto';
import { createCertificateAuthority, type CertificateAuthority } from './certificate-authority.ts';
import { createDeviceKey, type DeviceKey } from './device-key.ts';
import { deviceRef, type TenantId, type Timestamp } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import {
  credentialsTypes,
  isValidAt,
  type Answer,
  type AssertionAnswer,
  type Credentials,
  type CredentialsType,
  type DeviceRegistry,
  type PasswordSecret,
  type PasswordVerifier,
  type RegistryChange,
  type SecretsByType,
  type Tenant,
} from '@rollcall/core/registry';

/** The password of every device of a {@link ScriptedRegistry}. */
export const scriptedPassword = 'correct-horse';
/** Another one, which is valid for a second. */
export const passwordForASecond = 'battery-staple';

/** A secret as {@link scriptedPasswords} verifies it. */
export function hashed(password: string, facts: Partial<PasswordSecret> = {}): PasswordSecret {
  return { hashFunction: 'sha-256', pwdHash: hash('sha256', password, 'base64'), ...facts };
}

/** The key that every device of a {@link ScriptedRegistry} shares. */
export const scriptedKey: Uint8Array = new TextEncoder().encode('shared-secret');
/** With which every device of a {@link ScriptedRegistry} signs its tokens. */
export const scriptedDeviceKey: DeviceKey = createDeviceKey();
/** Who issues certificates to the devices of each tenant, for subjects as `CN=thermostat-7,O=acme`. */
export const scriptedAuthorities: Readonly<Record<'acme' | 'umbrella', CertificateAuthority>> = {
  acme: createCertificateAuthority('CN=ca,O=acme'),
  umbrella: createCertificateAuthority('CN=ca,O=umbrella'),
};

/**
 * A registry in memory for tests: tenants `acme` and `umbrella`, each with devices `thermostat-7` and `valve-1`
 * (auth-id = device id, or subject of a certificate), and gateway `gw-1`, which may act for `valve-1`. Devices and tenants
 * can be switched off.
 */
export class ScriptedRegistry implements DeviceRegistry {
  readonly #disabled = new Set<string>();
  readonly #listeners = new Set<(change: RegistryChange) => void>();
  readonly #tenants: Map<string, Tenant>;
  readonly #credentials = new Map<string, 'disabled' | 'deleted' | { readonly movedTo: string }>();
  /** Those of every device. */
  secrets: { readonly [Type in CredentialsType]: readonly SecretsByType[Type][] } = {
    'hashed-password': [hashed(scriptedPassword), hashed(passwordForASecond)],
    psk: [{ key: scriptedKey }],
    'x509-cert': [{}],
    rpk: [{ key: scriptedDeviceKey.publicKey }],
  };
  /** While set, nothing can be looked up. */
  unavailable = false;
  /** What is set, and not told, is not noticed by who remembers answers: tests that do so leave this away. */
  tellsEveryChange?: true;
  /** How often a tenant was looked up. */
  asked = 0;
  #held: Promise<void> = Promise.resolve();

  constructor(overrides: Partial<Tenant> = {}) {
    this.#tenants = new Map(
      Object.entries(scriptedAuthorities).map(([id, { subject: subjectDn, publicKey }]) => [
        id,
        {
          id: id as TenantId,
          enabled: true,
          defaults: {},
          limits: {},
          trustAnchors: [{ subjectDn, publicKey }],
          ...overrides,
        },
      ]),
    );
  }

  /** Disables a tenant, or one of its devices, and tells listeners. */
  disable(tenant: string, device?: string): void {
    this.#disabled.add(device === undefined ? tenant : `${tenant}/${device}`);
    this.#tellOf(tenant, device);
  }

  /** Enables again what was disabled, and tells listeners. */
  enable(tenant: string, device?: string): void {
    this.#disabled.delete(device === undefined ? tenant : `${tenant}/${device}`);
    this.#tellOf(tenant, device);
  }

  /** Changes what is said of a tenant, or forgets it, and tells listeners. */
  setTenant(tenant: string, changed: Partial<Tenant> | 'deleted'): void {
    const known = this.#tenants.get(tenant);
    if (changed === 'deleted') this.#tenants.delete(tenant);
    else if (known) this.#tenants.set(tenant, { ...known, ...changed });
    this.#tell({ type: 'tenant', tenant: tenant as TenantId });
  }

  /** Changes the secrets of every device, and tells listeners. */
  setSecrets<Type extends CredentialsType>(type: Type, secrets: readonly SecretsByType[Type][]): void {
    this.secrets = { ...this.secrets, [type]: secrets };
    for (const tenant of this.#tenants.keys())
      for (const device of devices) this.#tellOfCredentials(tenant, device, type);
  }

  /** Disables or deletes the credentials of a device, or gives its auth-id to another, and tells listeners. */
  setCredentials(
    tenant: string,
    device: string,
    type: CredentialsType,
    state: 'disabled' | 'deleted' | { readonly movedTo: string },
  ): void {
    this.#credentials.set(JSON.stringify([tenant, device, type]), state);
    this.#tellOfCredentials(tenant, device, type);
  }

  /** Tells that everything about the device was changed, although nothing was. */
  touch(tenant: string, device: string): void {
    this.#tell({ type: 'tenant', tenant: tenant as TenantId });
    this.#tell({ type: 'device', device: deviceRef(tenant, device) });
    for (const type of credentialsTypes) this.#tellOfCredentials(tenant, device, type);
  }

  #tellOfCredentials(tenant: string, device: string, credentialsType: CredentialsType): void {
    const authId = authIdOf(tenant, device, credentialsType);
    this.#tell({ type: 'credentials', tenant: tenant as TenantId, credentialsType, authId });
  }

  #tellOf(tenant: string, device: string | undefined): void {
    this.#tell(
      device === undefined
        ? { type: 'tenant', tenant: tenant as TenantId }
        : { type: 'device', device: deviceRef(tenant, device) },
    );
  }

  #tell(change: RegistryChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** Answers nothing about tenants until the result is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  async getTenant(tenant: string): Promise<Answer<Tenant>> {
    this.asked += 1;
    await this.#held;
    if (this.unavailable) return { status: 'unavailable', cause: new Error('registry is away') };
    const found = this.#tenants.get(tenant);
    return found
      ? { status: 'found', value: { ...found, enabled: found.enabled && !this.#disabled.has(tenant) } }
      : { status: 'not-found' };
  }

  async getTenantByName(name: string): Promise<Answer<Tenant>> {
    const aliased = [...this.#tenants.values()].find(({ alias }) => alias === name);
    return this.getTenant(this.#tenants.has(name) ? name : (aliased?.id ?? ''));
  }

  async getTenantByTrustAnchor(subjectDn: string): Promise<Answer<Tenant>> {
    const [tenant, other] = [...this.#tenants.values()].filter(({ trustAnchors = [] }) =>
      trustAnchors.some((anchor) => anchor.subjectDn === subjectDn),
    );
    return this.getTenant(other ? '' : (tenant?.id ?? ''));
  }

  async getCredentials<Type extends CredentialsType>({
    tenant,
    type,
    authId,
  }: {
    readonly tenant: TenantId;
    readonly type: Type;
    readonly authId: string;
  }): Promise<Answer<Credentials<Type>>> {
    if (this.unavailable) return { status: 'unavailable', cause: new Error('registry is away') };
    const id = devices.find((device) => authIdOf(tenant, device, type) === authId);
    if (!this.#tenants.has(tenant) || id === undefined) return { status: 'not-found' };
    const state = this.#credentials.get(JSON.stringify([tenant, id, type]));
    if (state === 'deleted') return { status: 'not-found' };
    const device = deviceRef(tenant, typeof state === 'object' ? state.movedTo : id);
    return {
      status: 'found',
      value: { device, type, authId, enabled: state !== 'disabled', secrets: this.secrets[type] },
    };
  }

  async assertRegistration(
    ...[device, gateway]: Parameters<DeviceRegistry['assertRegistration']>
  ): Promise<AssertionAnswer> {
    if (this.unavailable) return { status: 'unavailable', cause: new Error('registry is away') };
    if (gateway !== undefined && !(gateway === 'gw-1' && device.device === 'valve-1'))
      return { status: 'not-authorized' };
    const known = this.#tenants.has(device.tenant) && devices.includes(device.device);
    const enabled = !this.#disabled.has(`${device.tenant}/${device.device}`);
    return known && enabled ? { status: 'found', value: { device, defaults: {} } } : { status: 'not-found' };
  }

  onChange(listener: (change: RegistryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}

/** By what the registry knows a device. */
function authIdOf(tenant: string, device: string, type: CredentialsType): string {
  return type === 'x509-cert' ? `CN=${device},O=${tenant}` : device;
}

const devices: readonly string[] = ['thermostat-7', 'valve-1', 'gw-1'];

/**
 * Accepts the passwords of the secrets that are stored, which are hashed with SHA-256 and no salt. What was let in with
 * {@link passwordForASecond} expires after one.
 */
export function scriptedPasswords(clock: Clock): PasswordVerifier {
  return {
    async verify({ secrets }, password) {
      const pwdHash = hash('sha256', password, 'base64');
      const matched = secrets.find((secret) => secret.pwdHash === pwdHash && isValidAt(secret, clock.now()));
      if (!matched) return 'invalid';
      if (Buffer.from(password).toString() !== passwordForASecond) return { matched };
      return { matched: { ...matched, notAfter: (clock.now() + 1_000) as Timestamp } };
    },
  };
}
