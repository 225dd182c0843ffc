import { readOptions } from '@rollcall/options';
import { ConfigError } from '@rollcall/core';
import { amqpOptions } from './amqp-options.ts';
import { amqpSettings, type MessagingSettings } from './amqp-settings.ts';

/**
 * How to reach the messaging network, from the same variables as adapters, for tools that are not adapters. Other variables are
 * ignored. `host` is empty if none is set.
 *
 * @throws ConfigError with every problem found.
 */
export function loadMessaging(
  containerName: string,
  env: Readonly<Record<string, string | undefined>>,
): MessagingSettings {
  const ofMessaging = Object.entries(env).filter(([name]) => /^(?:ROLLCALL|HONO)_MESSAGING_/.test(name));
  const { values, problems } = readOptions(amqpOptions, Object.fromEntries(ofMessaging));
  if (problems.length > 0) throw new ConfigError(problems);
  return amqpSettings(containerName, values);
}
