import type { KeyObject, X509Certificate } from 'node:crypto';
import type { AuthenticatedDevice, Refusal } from './authentication-result.ts';
import type { NamedToken } from './read-token.ts';

/** Credentials as a device presented them. */
export type DeviceLogin = PasswordLogin | CertificateLogin | TokenLogin;

interface LoginOrigin {
  /** The peer's IP address, without port: failures are limited by it. */
  readonly remoteIp: string;
  /** Whether the device hung up meanwhile: then it is not authenticated. */
  gone?(): boolean;
  /** What the device says of itself beside, e.g. its `client-id`: a registry may have credentials for that alone. */
  readonly clientContext?: Readonly<Record<string, string>> | undefined;
}

export interface PasswordLogin extends LoginOrigin {
  /** `auth-id@tenant`. */
  readonly username: string;
  readonly password: Uint8Array;
}

/** A JSON Web Token that the device signed with its own key: a secret, like a password. */
export interface TokenLogin extends LoginOrigin, NamedToken {}

/** A handshake has proved that the device holds the key. The signature of the certificate may not have been verified yet. */
export interface CertificateLogin extends LoginOrigin {
  /** In DER: the device's own, without its issuers. */
  readonly certificate: Uint8Array;
  /** The same certificate, where the handshake has parsed it already: it is not parsed again. */
  readonly x509?: X509Certificate | undefined;
  /**
   * The host name that the device asked TLS for (RFC 6066 §3). Its first label names the tenant where the issuer does not: where no
   * tenant, or several, trust it.
   */
  readonly serverName?: string | undefined;
  /**
   * `later`: the device is told whether it may be served with the answer to each request (`HostAccess.reauthorize`), so only its
   * proof counts. Default `now`: who may not be served is refused.
   */
  readonly served?: 'now' | 'later';
}

/** A device that is about to prove that it shares a key. */
export interface PskLogin extends LoginOrigin {
  /** `auth-id@tenant`, as the handshake says. */
  readonly identity: string;
}

export type PskLookup =
  | { readonly status: 'found'; readonly candidates: readonly PskCandidate[] }
  | { readonly status: 'refused'; readonly refusal: Refusal };

/** A key, and who the device is once it has proved that it shares this one. There is more than one while keys are changed. */
interface PskCandidate {
  readonly key: KeyObject;
  readonly identity: AuthenticatedDevice;
}
