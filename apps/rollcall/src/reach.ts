import { urlOptions } from '@rollcall/amqp-connection';
import { loadMessaging, type MessagingSettings, type NetworkName } from '@rollcall/amqp-sender';
import type { ConsumeOptions } from '@rollcall/client';

/** A messaging network, as the command line names it: what is left out is that of the environment. */
export interface Destination {
  readonly url?: string | undefined;
  readonly network?: NetworkName | undefined;
}

/**
 * How to reach it: `ROLLCALL_MESSAGING_…` as adapters take them, and over them what the command line says. A URL decides about TLS, and
 * the environment has the certificates and, where the URL has none, the credentials.
 *
 * @throws ConfigError where the environment has mistakes; TypeError where the URL is none.
 */
export function reach(
  { url, network }: Destination,
  env: Readonly<Record<string, string | undefined>>,
): MessagingSettings {
  const found = loadMessaging('rollcall', env);
  const settings = { ...found, network: { ...found.network, name: network ?? found.network.name } };
  if (url === undefined) return settings;
  const { tls: known, ...rest } = settings;
  const { tls, ...given } = urlOptions(url);
  return { ...rest, ...given, ...(tls && { tls: { ...tls, ...known } }) };
}

/** The same as `consume` takes it. */
export function consumerOf(settings: MessagingSettings): Omit<ConsumeOptions, 'onEvent'> {
  const { host, port, tls, username, password, amqpHostname, saslHostname } = settings;
  const { choice: tlsChoice, ...certificates } = tls ?? {};
  return {
    url: `${tls ? 'amqps' : 'amqp'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(amqpHostname !== undefined && { amqpHostname }),
    ...(saslHostname !== undefined && { saslHostname }),
    ...certificates,
    ...(tlsChoice && { tlsChoice }),
  };
}
