import { listenerProblems, listenersOf, type Listeners } from '@rollcall/adapter-kit/listening';
import type { ConfigProblem } from '@rollcall/core';
import { option, optional, type Options, type ValuesOf } from '@rollcall/options';
import { flag, milliseconds, port, text, wholeNumber } from '@rollcall/options/formats';
import { cipherSuitesOption, secureProtocolsOption } from '@rollcall/options/tls';

const section = 'REGISTRY_AMQP';
const hono = { hono: true } as const;

/** Options of the AMQP services. If Hono's registry has the same option, its name works too. */
export const amqpServiceOptions = {
  amqpInsecurePortEnabled: option(
    `${section}_INSECUREPORTENABLED`,
    flag,
    'false',
    'whether to open the port of the AMQP services without TLS',
    hono,
  ),
  amqpInsecurePort: option(
    `${section}_INSECUREPORT`,
    port,
    '5672',
    'port of the AMQP services without TLS',
    hono,
  ),
  amqpInsecurePortBindAddress: option(
    `${section}_INSECUREPORTBINDADDRESS`,
    text,
    '127.0.0.1',
    'address it is bound to',
    hono,
  ),
  amqpPort: option(
    `${section}_PORT`,
    port,
    '5671',
    'port of the AMQP services with TLS; open where key and certificate are set',
    hono,
  ),
  amqpBindAddress: option(`${section}_BINDADDRESS`, text, '127.0.0.1', 'address it is bound to', hono),
  amqpKeyPath: optional(`${section}_KEYPATH`, text, "PEM file of the AMQP services' private key", hono),
  amqpCertPath: optional(
    `${section}_CERTPATH`,
    text,
    "PEM file of the AMQP services' certificate chain",
    hono,
  ),
  amqpProtocols: secureProtocolsOption(section),
  amqpCipherSuites: cipherSuitesOption(section),
  maxPendingAmqpSockets: option(
    `${section}_MAXPENDINGCONNECTIONS`,
    wholeNumber(1, 1_000_000),
    '1000',
    'network connections of the AMQP services that have not logged in, at a time; where there are more, the oldest of the address block with most of them is closed',
  ),
  maxAmqpHandshakes: option(
    `${section}_MAXHANDSHAKES`,
    wholeNumber(1, 100_000),
    '100',
    'TLS handshakes of the AMQP services under way at a time; others wait for their turn',
  ),
  maxAmqpClients: option(
    `${section}_MAXCONNECTIONS`,
    wholeNumber(1, 100_000),
    '1000',
    'clients of the AMQP services that have logged in, at a time',
  ),
  amqpOpenTimeoutMs: option(
    `${section}_OPENTIMEOUT`,
    milliseconds,
    '10000',
    'ms within which a new network connection must have proved who it is',
  ),
  amqpIdleTimeoutMs: option(
    `${section}_IDLETIMEOUT`,
    milliseconds,
    '20000',
    'ms of silence after which a client counts as gone; it is told half of it',
  ),
  tenantMaxAgeSeconds: option(
    'TENANT_SVC_CACHEMAXAGE',
    wholeNumber(0, 86_400),
    '180',
    'seconds that adapters may remember a tenant; 0: not at all',
    hono,
  ),
  credentialsMaxAgeSeconds: option(
    'CREDENTIALS_SVC_CACHEMAXAGE',
    wholeNumber(0, 86_400),
    '180',
    'seconds that adapters may remember passwords and certificates; 0: not at all',
    hono,
  ),
} as const satisfies Options;

export type AmqpServiceValues = ValuesOf<typeof amqpServiceOptions>;

/** Whether the services are served at all. */
export function hasAmqpPort(values: AmqpServiceValues): boolean {
  const { amqpInsecurePortEnabled, amqpKeyPath, amqpCertPath } = values;
  return amqpInsecurePortEnabled || amqpKeyPath !== undefined || amqpCertPath !== undefined;
}

/** Problems of values that are valid one by one but not together. */
export function amqpServiceProblems(values: AmqpServiceValues): readonly ConfigProblem[] {
  return hasAmqpPort(values) ? listenerProblems(section, listenerValues(values)) : [];
}

/** Where to listen. @throws ConfigError if key and certificate cannot be read, or used. */
export function amqpListeners(values: AmqpServiceValues): Listeners {
  return listenersOf(section, { ...listenerValues(values), balancers: undefined });
}

/** Under the names that all listeners have. */
function listenerValues(values: AmqpServiceValues) {
  return {
    insecurePortEnabled: values.amqpInsecurePortEnabled,
    insecurePort: values.amqpInsecurePort,
    insecurePortBindAddress: values.amqpInsecurePortBindAddress,
    port: values.amqpPort,
    bindAddress: values.amqpBindAddress,
    keyPath: values.amqpKeyPath,
    certPath: values.amqpCertPath,
    secureProtocols: values.amqpProtocols,
    cipherSuites: values.amqpCipherSuites,
    maxConnections: values.maxAmqpClients,
  };
}
