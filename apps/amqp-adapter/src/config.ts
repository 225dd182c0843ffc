import {
  authenticationRequiredOption,
  balancersOption,
  listenerOptions,
  listenerProblems,
  listenersOf,
  tcpOptions,
} from '@rollcall/adapter-kit/listening';
import { loadConfig, type LoadedConfig } from '@rollcall/adapter-process';
import { option, type Options, type ValuesOf } from '@rollcall/options';
import { milliseconds, wholeNumber } from '@rollcall/options/formats';
import type { DirectoryModule } from '@rollcall/directory-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import type { RegistryModule } from '@rollcall/registry-module';
import type { AmqpAdapterOptions } from './adapter.ts';

/** Options of the AMQP adapter. */
export const amqpOptions = {
  ...listenerOptions('AMQP', { plain: 5_672, tls: 5_671 }),
  balancers: balancersOption('AMQP'),
  authenticationRequired: authenticationRequiredOption('AMQP'),
  maxPayloadBytes: option(
    'AMQP_MAXPAYLOADSIZE',
    wholeNumber(1, 16_777_216),
    '2048',
    'greatest message of a device, in bytes',
    { hono: true },
  ),
  maxFrameBytes: option(
    'AMQP_MAXFRAMESIZE',
    wholeNumber(512, 1_048_576),
    '16384',
    'greatest frame of a device, in bytes',
    { hono: true },
  ),
  idleTimeoutMs: option(
    'AMQP_IDLETIMEOUT',
    milliseconds,
    '60000',
    'ms of silence after which a device counts as gone; it is told half of it',
    { hono: true },
  ),
  openTimeoutMs: option(
    'AMQP_OPENTIMEOUT',
    milliseconds,
    '10000',
    'ms that a new network connection has to say who it is, and as many again to open; while it waits for the adapter, none are counted',
  ),
  ...tcpOptions('AMQP', 12_000),
} as const satisfies Options;

type AmqpValues = ValuesOf<typeof amqpOptions>;

/** Reads the whole configuration of the process. @throws ConfigError with every problem found. */
export function loadAmqpConfig(
  env: Readonly<Record<string, string | undefined>>,
  messaging: readonly MessagingModule[],
  directories: readonly DirectoryModule[] = [],
  registries: readonly RegistryModule[] = [],
): LoadedConfig<typeof amqpOptions> {
  return loadConfig(amqpOptions, env, {
    messaging,
    directories,
    registries,
    problems: (values) => listenerProblems('AMQP', values),
  });
}

/** What the adapter needs of the configuration. @throws ConfigError where a key file cannot be read. */
export function amqpAdapterOptions(values: AmqpValues): AmqpAdapterOptions {
  const { maxPayloadBytes, maxFrameBytes, idleTimeoutMs, openTimeoutMs, maxPendingSockets, maxHandshakes } =
    values;
  return {
    ...listenersOf('AMQP', values),
    authenticationRequired: values.authenticationRequired,
    maxPayloadBytes,
    maxFrameBytes,
    idleTimeoutMs,
    openTimeoutMs,
    maxPendingSockets,
    maxHandshakes,
  };
}
