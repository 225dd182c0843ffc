import { variableOf, type ValuesOf } from '@rollcall/options';
import { readPem, tlsChoice, type TlsChoice } from '@rollcall/options/tls';
import type { NetworkChoice } from '../messaging-network.ts';
import type { amqpOptions } from './amqp-options.ts';
import { networkSettings } from './network-options.ts';

interface MessagingTls {
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
  /** Called before each connect. Returns the values that may have changed. */
  renewed?(): { readonly password?: string; readonly tls?: MessagingTls };
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly linkTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly redial: { readonly minDelayMs: number; readonly maxDelayMs: number; readonly incrementMs: number };
  readonly network: NetworkChoice;
}

/** The options of the section `MESSAGING`, with the files they name. @throws ConfigError where one cannot be read. */
export function amqpSettings(containerName: string, values: ValuesOf<typeof amqpOptions>): MessagingSettings {
  const { trustStore, cert, key } = values;
  // As in Hono: a trust store, or a client certificate, makes no sense without TLS.
  const tls = values.tls || trustStore !== undefined || cert !== undefined;
  const choice = tlsChoice(values.protocols, values.cipherSuites);
  return {
    host: values.host ?? '',
    port: values.port,
    containerName,
    connectTimeoutMs: values.connectTimeoutMs,
    idleTimeoutMs: values.idleTimeoutMs,
    linkTimeoutMs: values.linkTimeoutMs,
    sendTimeoutMs: values.sendTimeoutMs,
    redial: {
      minDelayMs: values.reconnectMinDelayMs,
      maxDelayMs: values.reconnectMaxDelayMs,
      incrementMs: values.reconnectIncrementMs,
    },
    network: networkSettings(values),
    ...(values.amqpHostname !== undefined && { amqpHostname: values.amqpHostname }),
    ...(values.saslHostname !== undefined && { saslHostname: values.saslHostname }),
    ...(values.username !== undefined && { username: values.username }),
    ...(values.password !== undefined && { password: values.password }),
    ...(tls && {
      tls: {
        hostnameVerification: values.verifyHost,
        ...(choice && { choice }),
        ...(trustStore !== undefined && {
          ca: readPem(variableOf('MESSAGING_TRUSTSTOREPATH'), trustStore),
        }),
        ...(cert !== undefined && { cert: readPem(variableOf('MESSAGING_CERTPATH'), cert) }),
        ...(key !== undefined && { key: readPem(variableOf('MESSAGING_KEYPATH'), key) }),
      },
    }),
  };
}
