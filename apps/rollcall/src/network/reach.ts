import { urlOptions } from '@rollcall/amqp-connection';
import type { NetworkName } from '@rollcall/amqp-sender';
import { loadMessaging, type MessagingSettings } from '@rollcall/amqp-sender/internal';

/** A messaging network, as the command line names it. What it leaves out comes from the environment. */
export interface Destination {
  readonly url?: string | undefined;
  readonly network?: NetworkName | undefined;
}

/**
 * How to reach a messaging network: by the `ROLLCALL_MESSAGING_…` variables of the adapters. The command line goes before them. A
 * URL decides about TLS; the certificates come from the environment, and so do the credentials if the URL has none.
 *
 * @throws ConfigError when the environment has mistakes; TypeError when the URL is not one.
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
