import type { AmqpConnectionOptions, TlsOptions } from '@rollcall/amqp-connection';
import { variableOf, type ValuesOf } from '@rollcall/options';
import { followClientSecrets } from '@rollcall/options/module';
import { readPem, tlsChoice } from '@rollcall/options/tls';
import type { RegistryContext } from '@rollcall/registry-module';
import {
  optionFor,
  valuesFor,
  type registryOptions,
  type ServiceName,
  type ServiceValues,
} from './registry-options.ts';

/** How to ask one service, and which of its answers to keep. */
export interface ServiceSettings {
  readonly connection: AmqpConnectionOptions;
  readonly linkTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Questions that may be under way at a time. */
  readonly maxOutstanding: number;
  readonly maxKept: number;
  readonly keepSeconds: number;
}

/** @throws ConfigError if a file cannot be read. */
export function serviceSettings(
  service: ServiceName,
  all: ValuesOf<typeof registryOptions>,
  context: RegistryContext,
): ServiceSettings {
  const values = valuesFor(service, all);
  const tls = tlsOf(service, values, all);
  const files = {
    trustStore: values.trustStore,
    cert: values.cert,
    key: values.key,
    password: context.fileOf(optionFor(service, 'password', all)),
  };
  const first = { password: values.password, tls };
  const secrets = followClientSecrets(`registry-${service}`, first, files, context);
  return {
    connection: { ...connectionOf(service, values, context), renewed: () => renewed(secrets()) },
    linkTimeoutMs: values.linkTimeoutMs,
    requestTimeoutMs: values.requestTimeoutMs,
    maxOutstanding: values.credit,
    maxKept: values.maxKept,
    keepSeconds: values.keepSeconds,
  };
}

interface Secrets {
  readonly password?: string | undefined;
  readonly tls?: TlsOptions | undefined;
}

function renewed({ password, tls }: Secrets): { readonly password?: string; readonly tls?: TlsOptions } {
  return { ...(password !== undefined && { password }), ...(tls && { tls }) };
}

function connectionOf(
  service: ServiceName,
  values: ServiceValues,
  { clock, random, log, adapterType }: RegistryContext,
): AmqpConnectionOptions {
  return {
    host: values.host ?? '',
    port: values.port,
    containerName: `${adapterType}-${service}`,
    role: service,
    peerName: 'device registry',
    clock,
    random,
    log,
    connectTimeoutMs: values.connectTimeoutMs,
    idleTimeoutMs: values.idleTimeoutMs,
    linkTimeoutMs: values.linkTimeoutMs,
    redial: {
      minDelayMs: values.reconnectMinDelayMs,
      maxDelayMs: values.reconnectMaxDelayMs,
      incrementMs: values.reconnectIncrementMs,
    },
    ...(values.amqpHostname !== undefined && { amqpHostname: values.amqpHostname }),
    ...(values.username !== undefined && { username: values.username }),
  };
}

/** As in Hono: a trust store, or a client certificate, makes no sense without TLS. */
function tlsOf(
  service: ServiceName,
  values: ServiceValues,
  all: ValuesOf<typeof registryOptions>,
): TlsOptions | undefined {
  const { trustStore, cert, key } = values;
  if (!values.tls && trustStore === undefined && cert === undefined) return undefined;
  const choice = tlsChoice(values.protocols, values.cipherSuites);
  const pem = (option: 'trustStore' | 'cert' | 'key', path: string): string =>
    readPem(variableOf(optionFor(service, option, all)), path);
  return {
    hostnameVerification: values.verifyHost,
    ...(choice && { choice }),
    ...(trustStore !== undefined && { ca: pem('trustStore', trustStore) }),
    ...(cert !== undefined && { cert: pem('cert', cert) }),
    ...(key !== undefined && { key: pem('key', key) }),
  };
}
