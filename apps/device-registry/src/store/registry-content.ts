/**
 * The stored contents of tenants, devices and credentials, with the names of Eclipse Hono's management API. Everything is JSON. Members
 * that were not given are absent: each member's comment states its default.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

export interface AdapterContent {
  readonly type: string;
  /** Absent: false. */
  readonly enabled?: boolean;
  /** Absent: true. */
  readonly 'device-authentication-required'?: boolean;
  readonly ext?: JsonObject;
}

/** A certificate authority of a tenant. If it was written as a certificate, the members have the facts of that. */
export interface TrustedCaContent {
  readonly id: string;
  /** RFC 2253. */
  readonly 'subject-dn': string;
  /** The name in DER, in Base64. */
  readonly 'subject-dn-bytes'?: string;
  /** A SubjectPublicKeyInfo in DER, in Base64. */
  readonly 'public-key': string;
  readonly algorithm: string;
  /** ISO 8601, UTC. */
  readonly 'not-before': string;
  readonly 'not-after': string;
  readonly 'auth-id-template'?: string;
  readonly 'auto-provisioning-device-id-template'?: string;
  /** Absent: false. */
  readonly 'auto-provisioning-enabled'?: boolean;
  readonly 'auto-provision-as-gateway'?: boolean;
  readonly 'ocsp-revocation-enabled'?: boolean;
  readonly 'ocsp-responder-uri'?: string;
  /** A certificate in DER, in Base64. */
  readonly 'ocsp-responder-cert'?: string;
  readonly 'ocsp-nonce-enabled'?: boolean;
}

interface RegistrationLimits {
  /** Absent or -1: as many as the service allows. */
  readonly 'max-devices'?: number;
  /** Credentials of one device; absent or -1: any number. */
  readonly 'max-credentials-per-device'?: number;
}

export interface TenantContent {
  /** Absent: true. */
  readonly enabled?: boolean;
  /** Another name of the tenant; unique over all tenants. */
  readonly alias?: string;
  /** Absent: every adapter is enabled. */
  readonly adapters?: readonly AdapterContent[];
  readonly defaults?: JsonObject;
  readonly ext?: JsonObject;
  readonly 'minimum-message-size'?: number;
  readonly 'registration-limits'?: RegistrationLimits;
  readonly 'resource-limits'?: JsonObject;
  readonly tracing?: JsonObject;
  /** Tenants of one group may trust the same authorities. */
  readonly 'trust-anchor-group'?: string;
  readonly 'trusted-ca'?: readonly TrustedCaContent[];
}

interface CommandEndpointContent {
  readonly uri?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly 'payload-properties'?: Readonly<Record<string, string>>;
}

export interface DeviceContent {
  /** Absent: true. */
  readonly enabled?: boolean;
  /** Gateways that may act for it. */
  readonly via?: readonly string[];
  /** Groups of gateways that may act for it. */
  readonly viaGroups?: readonly string[];
  /** Groups of gateways that it is in. */
  readonly memberOf?: readonly string[];
  /** `auto-provisioning-enabled`: unregistered devices that send through this gateway are registered. */
  readonly authorities?: readonly string[];
  readonly defaults?: JsonObject;
  readonly ext?: JsonObject;
  readonly 'downstream-message-mapper'?: string;
  readonly 'upstream-message-mapper'?: string;
  readonly 'command-endpoint'?: CommandEndpointContent;
}

/** A secret. Which members it has depends on the type of its credentials. Of a password, only the hash is stored. */
export interface SecretContent {
  readonly id: string;
  /** Absent: true. */
  readonly enabled?: boolean;
  /** ISO 8601, UTC. */
  readonly 'not-before'?: string;
  readonly 'not-after'?: string;
  readonly comment?: string;
  /** `hashed-password`. */
  readonly 'hash-function'?: string;
  readonly 'pwd-hash'?: string;
  readonly salt?: string;
  /** `psk`: the key; `rpk`: a SubjectPublicKeyInfo in DER; Base64 both. */
  readonly key?: string;
  /** `rpk`. */
  readonly algorithm?: string;
  /** Of generic credentials. */
  readonly [member: string]: unknown;
}

export interface CredentialContent {
  /** `hashed-password`, `psk`, `rpk`, `x509-cert`, or any other: generic credentials. */
  readonly type: string;
  /** With the type, unique in the tenant. */
  readonly 'auth-id': string;
  /** Absent: true. */
  readonly enabled?: boolean;
  readonly comment?: string;
  readonly ext?: JsonObject;
  readonly secrets: readonly SecretContent[];
}
