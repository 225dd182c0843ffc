import type { TlsChoice } from '@rollcall/options/tls';
import type { MessagingSettings } from './amqp-settings.ts';

/** How to reach the messaging network, as the options of `consume` in `@rollcall/client` are. */
export interface ConsumerSettings {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly amqpHostname?: string;
  readonly saslHostname?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly hostnameVerification?: boolean;
  readonly tlsChoice?: TlsChoice;
}

/** Makes the settings of a consumer from those of a sender. */
export function consumerSettings(settings: MessagingSettings): ConsumerSettings {
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
