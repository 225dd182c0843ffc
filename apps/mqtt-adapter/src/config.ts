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
import type { MqttAdapterOptions } from './adapter.ts';

/** Options of the MQTT adapter. */
export const mqttOptions = {
  ...listenerOptions('MQTT', { plain: 1_883, tls: 8_883 }),
  balancers: balancersOption('MQTT'),
  authenticationRequired: authenticationRequiredOption('MQTT'),
  maxPayloadBytes: option(
    'MQTT_MAXPAYLOADSIZE',
    wholeNumber(1, 268_435_455),
    '2048',
    'greatest payload of a message, in bytes',
    { hono: true },
  ),
  connectTimeoutMs: option(
    'MQTT_CONNECTTIMEOUT',
    milliseconds,
    '10000',
    'ms within which a new network connection must have sent its CONNECT',
  ),
  receiveMaximum: option(
    'MQTT_RECEIVEMAXIMUM',
    wholeNumber(1, 65_535),
    '100',
    'messages that a device may have unanswered; MQTT 5.0 devices are told, and closed with 0x93 if they exceed it, others wait',
  ),
  ...tcpOptions('MQTT', 12_000),
  idleLimitMs: option(
    'MQTT_IDLELIMIT',
    milliseconds,
    '1800000',
    'ms of silence after which a device without keep-alive counts as gone; also the greatest keep-alive granted to MQTT 5.0',
  ),
} as const satisfies Options;

type MqttValues = ValuesOf<typeof mqttOptions>;

/** Reads the whole configuration of the process. @throws ConfigError with every problem found. */
export function loadMqttConfig(
  env: Readonly<Record<string, string | undefined>>,
  messaging: readonly MessagingModule[],
  directories: readonly DirectoryModule[] = [],
  registries: readonly RegistryModule[] = [],
): LoadedConfig<typeof mqttOptions> {
  return loadConfig(mqttOptions, env, {
    messaging,
    directories,
    registries,
    problems: (values) => listenerProblems('MQTT', values),
  });
}

/** What the adapter needs of the configuration. @throws ConfigError where a key file cannot be read. */
export function mqttAdapterOptions(values: MqttValues): MqttAdapterOptions {
  return {
    ...listenersOf('MQTT', values),
    authenticationRequired: values.authenticationRequired,
    maxPayloadBytes: values.maxPayloadBytes,
    connectTimeoutMs: values.connectTimeoutMs,
    receiveMaximum: values.receiveMaximum,
    maxPendingSockets: values.maxPendingSockets,
    maxHandshakes: values.maxHandshakes,
    idleLimitMs: values.idleLimitMs,
  };
}
