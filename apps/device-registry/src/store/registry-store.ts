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
  /** Absent: it was never written again. */
  readonly updatedAt?: number;
  readonly autoProvisioned: boolean;
  /** Of one that was auto-provisioned: whether the event that tells of it was sent. */
  readonly provisioningTold: boolean;
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
  /** Its own: not that of the device. */
  readonly version: string;
}

/** What is known of a device, and of the gateway that wants to act for it, at one moment. What is absent is not there. */
export interface RegistrationFacts {
  readonly tenant?: StoredTenant;
  /** Absent also where the tenant is. */
  readonly device?: StoredDevice;
  readonly gateway?: StoredDevice;
  /** Gateways that are in one of the device's `viaGroups`, in order, disabled ones too. */
  readonly members: readonly string[];
}

/** Whose credentials these are, at one moment. What is absent is not there. */
export interface CredentialsFacts {
  readonly tenant?: StoredTenant;
  /** Absent also where the tenant is. */
  readonly found?: { readonly device: StoredDevice; readonly credentials: CredentialContent };
}

/** A change, and whether it was made over this store: of several replicas that share a database, one did. */
export interface HeardChange {
  readonly change: StoredChange;
  readonly isOurs: boolean;
}

/**
 * Where tenants, devices and credentials are kept. What was written is read by whoever asks afterwards, over any replica. Contents are
 * taken as they are: whoever writes has checked them.
 *
 * Every method may reject with StoreUnavailable.
 */
export interface RegistryStore {
  tenant(id: string): Promise<StoredTenant | undefined>;
  /** An id goes before an alias. */
  tenantByName(idOrAlias: string): Promise<StoredTenant | undefined>;
  /** Those that have an authority of this name (RFC 2253), in order of their ids, at most 100; disabled ones too. */
  tenantsByTrustedCa(subjectDn: string): Promise<readonly StoredTenant[]>;
  registration(tenant: string, device: string, gateway?: string): Promise<RegistrationFacts>;
  credentialsBy(tenant: string, type: string, authId: string): Promise<CredentialsFacts>;
  /** `undefined`: there is no such device, or tenant. */
  credentialsOf(tenant: string, device: string): Promise<CredentialsSet | undefined>;
  searchTenants(query: SearchQuery): Promise<SearchPage<StoredTenant>>;
  /** Finds nothing where there is no such tenant. */
  searchDevices(tenant: string, query: DeviceSearchQuery): Promise<SearchPage<StoredDevice>>;
  /** Whether an import began and was not done, see `note-import`. */
  isImportUnderWay(): Promise<boolean>;
  /** Runs this once no other replica imports: it waits for that. The turn of a process that dies is over. */
  importAlone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Writes all of it, or nothing. Resolves once it is on the disk. */
  write(write: RegistryWrite): Promise<WriteOutcome>;
  /** Why the latest write could not be made; `undefined`: it could, or there was none. */
  readonly writeTrouble: string | undefined;
  /** Calls `listener` once for each change, after it was committed. The result unsubscribes. */
  onChange(listener: (heard: HeardChange) => void): () => void;
  /** Where changes wait until they are sent, if this store keeps them. */
  readonly outbox: ChangeOutbox | undefined;
  close(): Promise<void>;
}

export interface RegistryStoreOptions {
  /** Devices of a tenant that sets no limit itself; -1: any number. */
  readonly maxDevicesPerTenant: number;
  /** Changes are kept until they are sent, with the time of this clock. Default: none are sent. */
  readonly keepChanges?: Pick<Clock, 'now'>;
  /** Called after each write with the reason why it failed, or that it succeeded. */
  readonly onWriteTrouble?: (cause: string | undefined) => void;
}
