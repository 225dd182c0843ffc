import { getHeapStatistics } from 'node:v8';
import {
  flag,
  loadConfig,
  milliseconds,
  option,
  optional,
  port,
  readPem,
  text,
  wholeNumber,
} from '@rollcall/adapter-kit';
import type { LoadedConfig, Options, ValuesOf } from '@rollcall/adapter-kit';
import type { MqttAdapterOptions } from './adapter.ts';

/** Options of the MQTT adapter; names and defaults are Hono's where it has them (`docs/hono-compatibility.md` §11). */
export const mqttOptions = {
  insecurePortEnabled: option(
    'MQTT_INSECUREPORTENABLED',
    flag,
    'false',
    'whether to open the port without TLS',
    {
      hono: true,
    },
  ),
  insecurePort: option('MQTT_INSECUREPORT', port, '1883', 'port without TLS', { hono: true }),
  insecurePortBindAddress: option(
    'MQTT_INSECUREPORTBINDADDRESS',
    text,
    '127.0.0.1',
    'address it is bound to',
    {
      hono: true,
    },
  ),
  port: option('MQTT_PORT', port, '8883', 'port with TLS; open where key and certificate are set', {
    hono: true,
  }),
  bindAddress: option('MQTT_BINDADDRESS', text, '127.0.0.1', 'address it is bound to', { hono: true }),
  keyPath: optional('MQTT_KEYPATH', text, "PEM file of the server's private key", { hono: true }),
  certPath: optional('MQTT_CERTPATH', text, "PEM file of the server's certificate chain", { hono: true }),
  maxPayloadBytes: option(
    'MQTT_MAXPAYLOADSIZE',
    wholeNumber(1, 268_435_455),
    '2048',
    'greatest payload of a message, in bytes',
    { hono: true },
  ),
  maxConnections: option(
    'MQTT_MAXCONNECTIONS',
    wholeNumber(0, 10_000_000),
    '0',
    'devices connected at a time; 0 derives it from the memory',
    { hono: true },
  ),
  connectTimeoutMs: option(
    'MQTT_CONNECTTIMEOUT',
    milliseconds,
    '10000',
    'ms within which a new network connection must have sent its CONNECT',
  ),
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
): LoadedConfig<typeof mqttOptions> {
  return loadConfig(mqttOptions, env, (values) => {
    const problems: string[] = [];
    const tls = values.keyPath !== undefined && values.certPath !== undefined;
    if ((values.keyPath === undefined) !== (values.certPath === undefined))
      problems.push('ROLLCALL_MQTT_KEYPATH and ROLLCALL_MQTT_CERTPATH: set both or neither');
    if (!tls && !values.insecurePortEnabled)
      problems.push(
        'no port to listen on: set ROLLCALL_MQTT_KEYPATH and ROLLCALL_MQTT_CERTPATH, or ROLLCALL_MQTT_INSECUREPORTENABLED=true',
      );
    return problems;
  });
}

/** What the adapter needs of the configuration. @throws ConfigError where a key file cannot be read. */
export function mqttAdapterOptions(values: MqttValues): MqttAdapterOptions {
  return {
    maxPayloadBytes: values.maxPayloadBytes,
    connectTimeoutMs: values.connectTimeoutMs,
    idleLimitMs: values.idleLimitMs,
    ...(values.insecurePortEnabled && {
      plain: { host: values.insecurePortBindAddress, port: values.insecurePort },
    }),
    ...(values.keyPath !== undefined &&
      values.certPath !== undefined && {
        tls: {
          host: values.bindAddress,
          port: values.port,
          key: readPem('ROLLCALL_MQTT_KEYPATH', values.keyPath),
          cert: readPem('ROLLCALL_MQTT_CERTPATH', values.certPath),
        },
      }),
  };
}

const bytesPerConnection = 20_000;
const reservedBytes = 100_000_000;

/** As Hono derives it from the heap: 20 kB a connection, after a reserve for everything else. */
export function connectionLimit(configured: number): number {
  if (configured > 0) return configured;
  const heapBytes = getHeapStatistics().heap_size_limit * 0.75;
  return Math.max(100, Math.floor((heapBytes - reservedBytes) / bytesPerConnection));
}
