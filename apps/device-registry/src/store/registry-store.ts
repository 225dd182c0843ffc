import type { Clock } from '@rollcall/core/environment';
import type { ChangeOutbox } from './change-outbox.ts';
import type { CredentialContent, DeviceContent, TenantContent } from './registry-content.ts';
import type { DeviceSearchQuery, SearchPage, SearchQuery } from './registry-search.ts';
import type { RegistryWrite, StoredChange, WriteOutcome } from './registry-write.ts';

export interface StoredTenant {
  readonly id: string;
  readonly content: TenantContent;
  readonly version: string;
}

export interface DeviceStatus {
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** Absent: it was not written again since it was created. */
  readonly updatedAt?: number;
  readonly autoProvisioned: boolean;
  /** Whether the event about an auto-provisioned device was sent. */
  readonly provisioningEventSent: boolean;
}

export interface StoredDevice {
  readonly tenant: string;
  readonly id: string;
  readonly content: DeviceContent;
  readonly version: string;
  readonly status: DeviceStatus;
}

export interface CredentialsSet {
  readonly credentials: readonly CredentialContent[];
  /** The version of the set, which is not that of the device. */
  readonly version: string;
}

/** A device and the gateway that wants to act for it, read at one moment. Absent members do not exist. */
export interface RegistrationFacts {
  readonly tenant?: StoredTenant;
  /** Absent also where the tenant is. */
  readonly device?: StoredDevice;
  readonly gateway?: StoredDevice;
  /** Gateways that are in one of the device's `viaGroups`, in order, disabled ones too. */
  readonly members: readonly string[];
}

/** Credentials and their device, read at one moment. Absent members do not exist. */
export interface CredentialsFacts {
  readonly tenant?: StoredTenant;
  /** Absent also where the tenant is. */
  readonly found?: { readonly device: StoredDevice; readonly credentials: CredentialContent };
}

/** A change, and whether it was made through this store. Of the replicas that share a database, one made it. */
export interface HeardChange {
  readonly change: StoredChange;
  readonly isOurs: boolean;
}

/**
 * Stores tenants, devices and credentials. A read that begins after a write sees it, through any replica. The store does not check
 * contents: its callers do.
 *
 * Every method may reject with StoreUnavailable.
 */
export interface RegistryStore {
  tenant(id: string): Promise<StoredTenant | undefined>;
  /** Finds a tenant by its id, or else by its alias. */
  tenantByName(idOrAlias: string): Promise<StoredTenant | undefined>;
  /** Tenants with an authority of this name (RFC 2253), in the order of their ids, at most 100, with disabled ones. */
  tenantsByTrustedCa(subjectDn: string): Promise<readonly StoredTenant[]>;
  registration(tenant: string, device: string, gateway?: string): Promise<RegistrationFacts>;
  credentialsBy(tenant: string, type: string, authId: string): Promise<CredentialsFacts>;
  /** `undefined`: there is no such device, or tenant. */
  credentialsOf(tenant: string, device: string): Promise<CredentialsSet | undefined>;
  searchTenants(query: SearchQuery): Promise<SearchPage<StoredTenant>>;
  /** The page is empty if there is no such tenant. */
  searchDevices(tenant: string, query: DeviceSearchQuery): Promise<SearchPage<StoredDevice>>;
  /** Whether an import has begun and is not complete, see `note-import`. */
  isImportUnderWay(): Promise<boolean>;
  /** Runs this when no other replica imports. It waits until then; if the importing process dies, its turn is over. */
  importAlone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Writes all, or nothing. Resolves once it is on the disk. */
  write(write: RegistryWrite): Promise<WriteOutcome>;
  /** Why the latest write failed. `undefined`: it succeeded, or there was none. */
  readonly writeTrouble: string | undefined;
  /** Calls `listener` once for each change, after its commit. @returns a function that removes the listener. */
  onChange(listener: (heard: HeardChange) => void): () => void;
  /** The changes to send; absent: this store does not keep them. */
  readonly outbox: ChangeOutbox | undefined;
  close(): Promise<void>;
}

export interface RegistryStoreOptions {
  /** How many devices a tenant without a limit of its own may have; -1: any number. */
  readonly maxDevicesPerTenant: number;
  /** With it, changes are kept until they are sent, each with the time of this clock. Absent: none are kept. */
  readonly keepChanges?: Pick<Clock, 'now'>;
  /** Called after each write, with the reason if it failed. */
  readonly onWriteTrouble?: (cause: string | undefined) => void;
}
