import type { DeviceId, DeviceRef, TenantId, Timestamp } from './ids.ts';
import type { PropertyValue } from './device-data-sender.ts';
import type { Validity } from './validity.ts';

/**
 * What a registry answers. `unavailable` is about the registry, not about what was asked for; `onlyThis`: the registry can answer
 * other questions. `doubtful`: it may have been true only before, and the registry cannot say now. It is better than none to let a
 * device in, and decides nothing about one that is connected: it is asked about again.
 */
export type Answer<Value> =
  | { readonly status: 'found'; readonly value: Value; readonly doubtful?: true }
  | { readonly status: 'not-found' }
  | { readonly status: 'unavailable'; readonly cause: Error; readonly onlyThis?: true };

/** Properties that a message gets unless it brings its own; JSON scalars. */
export type DefaultProperties = Readonly<Record<string, PropertyValue>>;

/** Limits of a tenant; absent means unlimited. */
export interface ResourceLimits {
  readonly maxConnections?: number;
  readonly maxTtlSeconds?: number;
  readonly maxTtlTelemetryQos0Seconds?: number;
  readonly maxTtlTelemetryQos1Seconds?: number;
}

export interface AdapterSettings {
  readonly type: string;
  readonly enabled: boolean;
  /** Further settings of this adapter type for the tenant. */
  readonly ext: Readonly<Record<string, unknown>>;
}

/** A certificate authority whose word a tenant takes for who its devices are. */
export interface TrustAnchor extends Validity {
  /** As in RFC 2253, see `formatName`. */
  readonly subjectDn: string;
  /** A SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  /** What the auth-id of a device is made of, e.g. `{{subject-cn}}`; absent: the subject of its certificate. */
  readonly authIdTemplate?: string;
  /** Whether the registry registers devices that present a certificate of this authority, see {@link Presented.certificate}. */
  readonly registersDevices?: true;
}

export interface Tenant {
  readonly id: TenantId;
  /** What devices may call it too when they log in: a label as in host names, in small letters. */
  readonly alias?: string;
  readonly enabled: boolean;
  readonly defaults: DefaultProperties;
  /** Absent: every adapter is enabled. Present: only those listed and enabled. */
  readonly adapters?: readonly AdapterSettings[];
  readonly limits: ResourceLimits;
  /** As {@link Registration.presenceIntervalSeconds}, for all devices of the tenant. */
  readonly presenceIntervalSeconds?: number;
  /** As {@link Registration.presenceProbe}, for all devices of the tenant. */
  readonly presenceProbe?: boolean;
  /** As {@link Registration.maxConnectionsPerDevice}, for each device of the tenant. */
  readonly maxConnectionsPerDevice?: number;
  /** Who vouches for certificates of its devices. */
  readonly trustAnchors?: readonly TrustAnchor[];
}

type HashFunction = 'sha-256' | 'sha-512' | 'bcrypt';

/** What every secret has. */
export interface StoredSecret extends Validity {
  /** Tells the secrets of the same credentials apart, if the registry names them. */
  readonly id?: string;
}

/** A password, hashed. SHA: `Base64(H(salt ‖ password))`; bcrypt: the standard `$2a$…` string. */
export interface PasswordSecret extends StoredSecret {
  readonly hashFunction: HashFunction;
  readonly pwdHash: string;
  /** Base64. */
  readonly salt?: string;
}

/** A key that device and adapter share. Not to be logged. */
export interface PskSecret extends StoredSecret {
  readonly key: Uint8Array;
}

/** What verifies the tokens that a device signs (`rpk`: raw public key). */
export interface PublicKeySecret extends StoredSecret {
  /** A SubjectPublicKeyInfo in DER: RSA, or on one of the curves P-256, P-384 and P-521. */
  readonly key: Uint8Array;
}

/** The secrets of each type of credentials. A certificate's private key stays on the device; the registry knows only its validity. */
export interface SecretsByType {
  readonly 'hashed-password': PasswordSecret;
  readonly psk: PskSecret;
  readonly 'x509-cert': StoredSecret;
  readonly rpk: PublicKeySecret;
}

export type CredentialsType = keyof SecretsByType;

/** All of them. */
export const credentialsTypes = [
  'hashed-password',
  'psk',
  'x509-cert',
  'rpk',
] as const satisfies readonly CredentialsType[];

/** Credentials by which a device authenticates; disabled secrets are left out. */
export interface Credentials<Type extends CredentialsType = CredentialsType> {
  readonly device: DeviceRef;
  readonly type: Type;
  readonly authId: string;
  readonly enabled: boolean;
  readonly secrets: readonly SecretsByType[Type][];
}

/** A device that is registered and enabled. */
export interface Registration {
  readonly device: DeviceRef;
  readonly defaults: DefaultProperties;
  /** Over protocols without connections: how long a request of the device stands for its presence. */
  readonly presenceIntervalSeconds?: number;
  /** Whether it may be asked whether it is there, where the protocol has a way to. */
  readonly presenceProbe?: boolean;
  /** Sessions, or associations, that it may have at a time with one adapter; 0: any number. */
  readonly maxConnectionsPerDevice?: number;
}

/** As {@link Answer}; `not-authorized` means: the gateway may not act for the device, or is itself unknown or disabled. */
export type AssertionAnswer = Answer<Registration> | { readonly status: 'not-authorized' };

/**
 * Something in the registry changed; what was learned before may be wrong now. A tenant's change covers its trust anchors, and
 * that of credentials their secrets, whether they are enabled, and whose they are. Where a registry knows only whose credentials
 * changed, it tells that the device did.
 */
export type RegistryChange =
  | { readonly type: 'tenant'; readonly tenant: TenantId }
  | { readonly type: 'device'; readonly device: DeviceRef }
  | {
      readonly type: 'credentials';
      readonly tenant: TenantId;
      readonly credentialsType: CredentialsType;
      readonly authId: string;
    }
  /** Anything may have changed, e.g. because changes could not be heard for a while. */
  | { readonly type: 'everything' };

/** How a registry that answers from what it read earlier stands to what is stored. */
export interface RegistryState {
  /** Whether it answers with what is stored now. */
  readonly current: boolean;
  /** When it last began to answer with what it had read. */
  readonly loadedAt: Timestamp;
  /** When it last could not read, or not use, what is stored; absent: never. */
  readonly failedAt?: Timestamp;
  readonly devices: number;
  /** Of these: devices that are not stored any more, and are kept until it is sure that this is meant. */
  readonly heldDevices: number;
}

/**
 * What a device presented beside its auth-id. A registry may find by it which credentials count, or register the device; one that
 * does neither leaves it aside.
 */
export interface Presented {
  /** E.g. `client-id`. Where the credentials say what it must be, they count for that alone; other names mean nothing. */
  readonly context?: Readonly<Record<string, string>>;
  /** In DER. It is trusted. */
  readonly certificate?: Uint8Array;
}

/** A service that a registry asks, and keeps answers of. */
export interface RegistryService {
  /** What it is asked for, e.g. `tenant`. */
  readonly name: string;
  /** Whether it answers now. */
  readonly reachable: boolean;
  /** Questions under way, and those that wait for their turn. */
  readonly outstanding: number;
  /** Answers that are kept. */
  readonly kept: number;
  /** Look-ups that an answer was kept for, since the start. */
  readonly keptUses: number;
  /** Questions by what became of them, since the start, e.g. `answered` or `timeout`. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** How a registry stands that asks others. */
export interface RegistryServices {
  readonly services: readonly RegistryService[];
  /** Whether it hears of changes now; `undefined`: there is no way to. */
  readonly hearsChanges: boolean | undefined;
}

/** Whether a registry can be asked, as far as it knows by itself. */
export interface RegistryAvailability {
  now(): boolean;
  /** Calls `changed` at each change. The result unsubscribes. */
  onChange(changed: (available: boolean) => void): () => void;
}

/** Where tenants, devices and credentials are looked up. No method rejects. */
export interface DeviceRegistry {
  getTenant(tenant: string): Promise<Answer<Tenant>>;
  /**
   * As {@link getTenant}, by its id or its alias: what a device calls its tenant when it logs in. An id goes before an alias. What the
   * device is let in as has the id.
   */
  getTenantByName(name: string): Promise<Answer<Tenant>>;
  /**
   * The tenant that alone has a trust anchor of this name, see {@link TrustAnchor.subjectDn}; disabled ones too. Where several have
   * one, none is found.
   */
  getTenantByTrustAnchor(subjectDn: string): Promise<Answer<Tenant>>;
  getCredentials<Type extends CredentialsType>(query: {
    readonly tenant: TenantId;
    readonly type: Type;
    readonly authId: string;
    readonly presented?: Presented | undefined;
  }): Promise<Answer<Credentials<Type>>>;
  /** Asks whether the device is registered and enabled and, with a gateway, whether that may act for it. */
  assertRegistration(device: DeviceRef, gateway?: DeviceId): Promise<AssertionAnswer>;
  /** The result unsubscribes. */
  onChange(listener: (change: RegistryChange) => void): () => void;
  /**
   * Whether each answer that has found something stays true until {@link onChange} tells of a change that concerns it: who asked may
   * remember it until then.
   */
  readonly tellsEveryChange?: true;
  /** Absent where each question goes to where the answer is stored. */
  state?(): RegistryState;
  /** Present where each question goes to a service. */
  services?(): RegistryServices;
  /**
   * Present where that cannot be told from the answers: some are kept, and given while no question can be asked. Absent: it is away
   * while its answers are `unavailable`.
   */
  readonly availability?: RegistryAvailability;
  /** Looks at once whether what it was read from has changed. What it holds back is still held back. */
  lookNow?(): void;
  close(): Promise<void>;
}

/** `matched`: the secret that the password is of; what it lets in stays as long as it is valid. `busy`: too much to verify at the moment. */
export type PasswordVerdict = { readonly matched: PasswordSecret } | 'invalid' | 'busy';

/** Whose turn a slow comparison takes. Many of one owner delay no other's. */
export interface VerifyingTurn {
  readonly owner: string;
  /** It failed recently. Devices that did not fail get every other turn. */
  readonly isSuspect: boolean;
}

/** Compares a presented password with the secrets of credentials, in constant time and off the event loop. How often, it does not limit. */
export interface PasswordVerifier {
  /** Never rejects. */
  verify(
    credentials: Credentials<'hashed-password'>,
    password: Uint8Array,
    turn?: VerifyingTurn,
  ): Promise<PasswordVerdict>;
  /**
   * How long a slow comparison took recently (0 if none was made), and how many other owners have comparisons that wait.
   * Without it none is slow.
   */
  load?(owner: string): { readonly slowMs: number; readonly others: number };
}
