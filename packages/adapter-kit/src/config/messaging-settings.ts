import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';
import type { kitOptions } from './kit-options.ts';
import { networkSettings, type NetworkSettings } from './network-options.ts';
import { tlsChoice, type TlsChoice } from './tls-choice.ts';
import type { ValuesOf } from './option.ts';

export interface MessagingTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly hostnameVerification: boolean;
  readonly choice?: TlsChoice;
}

/** How to reach the messaging network, ready to be used. */
export interface MessagingSettings {
  readonly host: string;
  readonly port: number;
  readonly containerName: string;
  readonly amqpHostname?: string;
  readonly saslHostname?: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: MessagingTls;
  /** What may have changed since: asked with each connect. */
  renewed?(): { readonly password?: string; readonly tls?: MessagingTls };
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly linkTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly redial: { readonly minDelayMs: number; readonly maxDelayMs: number; readonly incrementMs: number };
  readonly network: NetworkSettings;
}

/** The options of the section `MESSAGING`, with the files they name. @throws ConfigError where one cannot be read. */
export function messagingSettings(
  containerName: string,
  values: ValuesOf<typeof kitOptions>,
): MessagingSettings {
  const { messagingTrustStore, messagingCert, messagingKey } = values;
  // As in Hono: a trust store, or a client certificate, makes no sense without TLS.
  const tls = values.messagingTls || messagingTrustStore !== undefined || messagingCert !== undefined;
  const choice = tlsChoice(values.messagingProtocols, values.messagingCipherSuites);
  return {
    host: values.messagingHost ?? '',
    port: values.messagingPort,
    containerName,
    connectTimeoutMs: values.messagingConnectTimeoutMs,
    idleTimeoutMs: values.messagingIdleTimeoutMs,
    linkTimeoutMs: values.messagingLinkTimeoutMs,
    sendTimeoutMs: values.messagingSendTimeoutMs,
    redial: {
      minDelayMs: values.messagingReconnectMinDelayMs,
      maxDelayMs: values.messagingReconnectMaxDelayMs,
      incrementMs: values.messagingReconnectIncrementMs,
    },
    network: networkSettings(values),
    ...(values.messagingAmqpHostname !== undefined && { amqpHostname: values.messagingAmqpHostname }),
    ...(values.messagingSaslHostname !== undefined && { saslHostname: values.messagingSaslHostname }),
    ...(values.messagingUsername !== undefined && { username: values.messagingUsername }),
    ...(values.messagingPassword !== undefined && { password: values.messagingPassword }),
    ...(tls && {
      tls: {
        hostnameVerification: values.messagingVerifyHost,
        ...(choice && { choice }),
        ...(messagingTrustStore !== undefined && {
          ca: readPem('ROLLCALL_MESSAGING_TRUSTSTOREPATH', messagingTrustStore),
        }),
        ...(messagingCert !== undefined && { cert: readPem('ROLLCALL_MESSAGING_CERTPATH', messagingCert) }),
        ...(messagingKey !== undefined && { key: readPem('ROLLCALL_MESSAGING_KEYPATH', messagingKey) }),
      },
    }),
  };
}

/** The text of a PEM file that an option names. @throws ConfigError where it cannot be read. */
export function readPem(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`${variable}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}
