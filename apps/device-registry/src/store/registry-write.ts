import type { CredentialContent, DeviceContent, TenantContent } from './registry-content.ts';

/** A write that may ask for what it replaces: one of these versions. Absent: any. */
interface Conditional {
  readonly expected?: readonly string[];
}

/** `version`: of what it writes, from now on; random, and never used again. `at`: milliseconds since the Unix epoch. */
interface Versioned {
  readonly version: string;
}

interface OfTenant {
  readonly tenant: string;
}

interface OfDevice extends OfTenant {
  readonly device: string;
}

/** Plain data: threads are given it as it is. */
export type RegistryWrite =
  | (OfTenant & Versioned & { readonly kind: 'create-tenant'; readonly content: TenantContent })
  | (OfTenant & Versioned & Conditional & { readonly kind: 'update-tenant'; readonly content: TenantContent })
  /** Its devices stay stored, and nobody reaches them until there is a tenant of that id again. */
  | (OfTenant & Conditional & { readonly kind: 'delete-tenant' })
  /** With an empty set of credentials, of the same version. */
  | (OfDevice &
      Versioned & { readonly kind: 'create-device'; readonly content: DeviceContent; readonly at: number })
  /** It is not auto-provisioned any more. */
  | (OfDevice &
      Versioned &
      Conditional & { readonly kind: 'update-device'; readonly content: DeviceContent; readonly at: number })
  /** With its credentials. Also where there is no such tenant any more. */
  | (OfDevice & Conditional & { readonly kind: 'delete-device' })
  | (OfTenant & { readonly kind: 'delete-devices' })
  | (OfDevice &
      Versioned &
      Conditional & { readonly kind: 'put-credentials'; readonly credentials: readonly CredentialContent[] })
  /**
   * Creates a device that showed itself. Where the device is there, or one has such credentials, nothing is written, and the outcome is
   * `exists`: the same may be written again.
   */
  | (OfDevice &
      Versioned & {
        readonly kind: 'provision-device';
        readonly content: DeviceContent;
        readonly credentials?: CredentialContent;
        readonly at: number;
      })
  /** The event that tells of an auto-provisioned device was sent. */
  | (OfDevice & Versioned & { readonly kind: 'note-provisioning-told' })
  /** That a file is being imported, or that it is done: an import is many writes, and a process may die between two of them. */
  | { readonly kind: 'note-import'; readonly isUnderWay: boolean };

export type WriteOf<Kind extends RegistryWrite['kind']> = Extract<RegistryWrite, { readonly kind: Kind }>;

/** What is in the way of a write: of a tenant its id, alias or an authority, of a device its id, of credentials type and auth-id. */
export type Taken = 'tenant-id' | 'alias' | 'trusted-ca' | 'device-id' | 'auth-id';

export type WriteOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'not-found'; readonly what: 'tenant' | 'device' }
  | { readonly status: 'taken'; readonly what: Taken }
  /** Of `provision-device` alone: the device that is there, or has such credentials. */
  | { readonly status: 'exists'; readonly device: string }
  | { readonly status: 'version-mismatch' }
  | { readonly status: 'limit-reached'; readonly what: 'devices' | 'credentials'; readonly limit: number };

/** What became another, in the order in which it did. */
export type StoredChange =
  | {
      readonly type: 'tenant';
      readonly change: 'create' | 'update' | 'delete';
      readonly tenant: string;
      /** False where it was deleted. */
      readonly enabled: boolean;
      /** True where it was deleted. */
      readonly invalidateCacheOnUpdate: boolean;
    }
  | {
      readonly type: 'device';
      readonly change: 'create' | 'update' | 'delete';
      readonly tenant: string;
      readonly device: string;
      /** False where it was deleted. */
      readonly enabled: boolean;
    }
  | { readonly type: 'credentials'; readonly tenant: string; readonly device: string }
  | { readonly type: 'all-devices-deleted'; readonly tenant: string };
