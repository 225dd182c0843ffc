import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { Trouble } from './lasting-trouble.ts';
import type { RedialLimits } from './redial-delay.ts';

export interface TlsOptions {
  /** PEM; default: the certificate authorities Node trusts. */
  readonly ca?: string;
  /** PEM of the client certificate, for SASL EXTERNAL. */
  readonly cert?: string;
  readonly key?: string;
  /** Whether the peer's certificate must match its host name. */
  readonly hostnameVerification: boolean;
  /** Default: TLS 1.2 and 1.3, with the cipher suites of Node.js. */
  readonly choice?: {
    readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
    readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
    /** Names of OpenSSL, separated by colons. */
    readonly ciphers?: string;
  };
}

export interface AmqpConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** First part of the container id; a UUID follows. */
  readonly containerName: string;
  /** What the connection is for, in the log; a process may have several to one peer. Default: not said. */
  readonly role?: string;
  /** The name of the peer in the log; default: `messaging network`. */
  readonly peerName?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `hostname` of the open, e.g. a virtual host; default: `host`. */
  readonly amqpHostname?: string;
  /** `hostname` of the SASL exchange; default: `amqpHostname`, where set. */
  readonly saslHostname?: string;
  readonly username?: string;
  readonly password?: string;
  /** The identity to act as (RFC 4616 §2); default: `username`. */
  readonly authorizationId?: string;
  readonly tls?: TlsOptions;
  /** Called before each dial: the result replaces `password` and `tls`. Default: nothing changes. */
  renewed?(): { readonly password?: string; readonly tls?: TlsOptions };
  /** The time for everything from the socket to the session. */
  readonly connectTimeoutMs?: number;
  /** Longest silence of the peer before the connection counts as lost. */
  readonly idleTimeoutMs?: number;
  /** Longest wait for the answer to an attach. */
  readonly linkTimeoutMs?: number;
  readonly redial?: RedialLimits;
  /** After this many messages the connection is renewed, before rhea's delivery ids run out; default 2^30. */
  readonly deliveriesPerConnection?: number;
  /** Called after each failed try to connect, with the reason. */
  onDialFailed?(trouble: Trouble): void;
  /** Called whenever the connection is made or lost. */
  onStateChange?(connected: boolean): void;
}

/** See {@link AmqpConnectionOptions.peerName}. */
export function peerNameOf({
  peerName = 'messaging network',
}: Pick<AmqpConnectionOptions, 'peerName'>): string {
  return peerName;
}

/** Eclipse Hono's defaults (`docs/hono-compatibility.md` §1). */
export const defaultTimings: {
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly linkTimeoutMs: number;
  readonly redial: RedialLimits;
} = {
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 16_000,
  linkTimeoutMs: 1_000,
  redial: { minDelayMs: 0, maxDelayMs: 7_000, incrementMs: 100 },
};
