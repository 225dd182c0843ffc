import type { CredentialContent, DeviceContent, TenantContent } from './registry-content.ts';

/** The versions that a write may replace. Absent: any. */
interface Conditional {
  readonly expected?: readonly string[];
}

/** `version`: the new version, which is random and unique. `at`: milliseconds since the Unix epoch. */
interface Versioned {
  readonly version: string;
}

interface OfTenant {
  readonly tenant: string;
}

interface OfDevice extends OfTenant {
  readonly device: string;
}

/** Plain data, which can be sent to a thread. */
export type RegistryWrite =
  | (OfTenant & Versioned & { readonly kind: 'create-tenant'; readonly content: TenantContent })
  | (OfTenant & Versioned & Conditional & { readonly kind: 'update-tenant'; readonly content: TenantContent })
  /** The devices stay stored, but cannot be read until there is a tenant with that id again. */
  | (OfTenant & Conditional & { readonly kind: 'delete-tenant' })
  /** The device gets an empty set of credentials, with the same version. */
  | (OfDevice &
      Versioned & { readonly kind: 'create-device'; readonly content: DeviceContent; readonly at: number })
  /** From then on, the device does not count as auto-provisioned. */
  | (OfDevice &
      Versioned &
      Conditional & { readonly kind: 'update-device'; readonly content: DeviceContent; readonly at: number })
  /** Deletes the credentials too. This also works if the tenant was deleted. */
  | (OfDevice & Conditional & { readonly kind: 'delete-device' })
  | (OfTenant & { readonly kind: 'delete-devices' })
  | (OfDevice &
      Versioned &
      Conditional & { readonly kind: 'put-credentials'; readonly credentials: readonly CredentialContent[] })
  /**
   * Creates a device that registers itself. If the device exists, or another one has such credentials, nothing is written, and the
   * outcome is `exists`. So the write may be repeated.
   */
  | (OfDevice &
      Versioned & {
        readonly kind: 'provision-device';
        readonly content: DeviceContent;
        readonly credentials?: CredentialContent;
        readonly at: number;
      })
  /** Notes that the event about an auto-provisioned device was sent. */
  | (OfDevice & Versioned & { readonly kind: 'note-provisioning-event-sent' })
  /** Notes that an import has begun, or is complete. It takes many writes, and a process may die between two of them. */
  | { readonly kind: 'note-import'; readonly isUnderWay: boolean };

export type WriteOf<Kind extends RegistryWrite['kind']> = Extract<RegistryWrite, { readonly kind: Kind }>;

/** What another tenant, device or credential has already, so that the write was refused. */
export type Taken = 'tenant-id' | 'alias' | 'trusted-ca' | 'device-id' | 'auth-id';

export type WriteOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'not-found'; readonly what: 'tenant' | 'device' }
  | { readonly status: 'taken'; readonly what: Taken }
  /** Only for `provision-device`: the device that exists, or has such credentials. */
  | { readonly status: 'exists'; readonly device: string }
  | { readonly status: 'version-mismatch' }
  | { readonly status: 'limit-reached'; readonly what: 'devices' | 'credentials'; readonly limit: number };

/** A change of stored contents. */
export type StoredChange =
  | {
      readonly type: 'tenant';
      readonly change: 'create' | 'update' | 'delete';
      readonly tenant: string;
      /** False if it was deleted. */
      readonly enabled: boolean;
      /** True if it was deleted. */
      readonly invalidateCacheOnUpdate: boolean;
    }
  | {
      readonly type: 'device';
      readonly change: 'create' | 'update' | 'delete';
      readonly tenant: string;
      readonly device: string;
      /** False if it was deleted. */
      readonly enabled: boolean;
    }
  | { readonly type: 'credentials'; readonly tenant: string; readonly device: string }
  | { readonly type: 'all-devices-deleted'; readonly tenant: string };
