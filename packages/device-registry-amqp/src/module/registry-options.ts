import { option, optional, type Option, type Options, type ValuesOf } from '@rollcall/options';
import { flag, milliseconds, port, text, wholeNumber } from '@rollcall/options/formats';
import { optionsLike } from '@rollcall/options/internal';
import { cipherSuitesOption, secureProtocolsOption } from '@rollcall/options/tls';

/** How to reach the services of a device registry, and which answers to keep. Each option may differ for one service. */
export const sharedOptions = {
  host: optional(
    'REGISTRY_HOST',
    text,
    'host of the AMQP 1.0 services of the device registry (required for `amqp`). Each of the options from here on can be set for one service alone, too, by the names that Hono has: `TENANT_…`, `REGISTRATION_…`, `CREDENTIALS_…`',
  ),
  port: option('REGISTRY_PORT', port, '5671', 'port of the services'),
  username: optional('REGISTRY_USERNAME', text, 'SASL PLAIN user name'),
  password: optional('REGISTRY_PASSWORD', text, 'SASL PLAIN password', { secret: true }),
  amqpHostname: optional('REGISTRY_AMQPHOSTNAME', text, 'host name in the AMQP open (virtual host)'),
  tls: option('REGISTRY_TLSENABLED', flag, 'false', 'whether to use TLS; also on where a trust store is set'),
  trustStore: optional('REGISTRY_TRUSTSTOREPATH', text, 'PEM file of certificates to trust'),
  verifyHost: option(
    'REGISTRY_HOSTNAMEVERIFICATIONREQUIRED',
    flag,
    'true',
    "whether the services' certificate must match their host name",
  ),
  cert: optional('REGISTRY_CERTPATH', text, 'PEM file of the client certificate (SASL EXTERNAL)'),
  key: optional('REGISTRY_KEYPATH', text, 'PEM file of its private key'),
  protocols: secureProtocolsOption('REGISTRY'),
  cipherSuites: cipherSuitesOption('REGISTRY'),
  connectTimeoutMs: option('REGISTRY_CONNECTTIMEOUT', milliseconds, '5000', 'ms until a connect has failed'),
  idleTimeoutMs: option(
    'REGISTRY_IDLETIMEOUT',
    milliseconds,
    '16000',
    'ms of silence after which a service counts as gone',
  ),
  linkTimeoutMs: option(
    'REGISTRY_LINKESTABLISHMENTTIMEOUT',
    milliseconds,
    '1000',
    'ms until opening a link has failed, and that a question waits for a connection',
  ),
  requestTimeoutMs: option(
    'REGISTRY_REQUESTTIMEOUT',
    wholeNumber(1, 60_000),
    '200',
    'ms until a question that was sent has failed',
  ),
  credit: option(
    'REGISTRY_INITIALCREDITS',
    wholeNumber(1, 2_000),
    '200',
    'questions that may be under way at a time, to each service',
  ),
  reconnectMinDelayMs: option(
    'REGISTRY_RECONNECTMINDELAY',
    milliseconds,
    '0',
    'ms before the first try to reconnect, and least wait before later ones',
  ),
  reconnectMaxDelayMs: option(
    'REGISTRY_RECONNECTMAXDELAY',
    milliseconds,
    '7000',
    'greatest wait between tries to reconnect, in ms',
  ),
  reconnectIncrementMs: option(
    'REGISTRY_RECONNECTDELAYINCREMENT',
    milliseconds,
    '100',
    'ms that the wait grows from, doubling with each try',
  ),
  maxKept: option(
    'REGISTRY_RESPONSECACHEMAXSIZE',
    wholeNumber(0, 10_000_000),
    '50000',
    'answers that are kept of each service (and at most 64 MiB of them); in Hono 1000',
  ),
  keepSeconds: option(
    'REGISTRY_RESPONSECACHEDEFAULTTIMEOUT',
    wholeNumber(0, 86_400),
    '600',
    'seconds that an answer is kept at most, and where the service does not say',
  ),
} as const satisfies Options;

export type ServiceValues = ValuesOf<typeof sharedOptions>;

/** The services, by the name of their address. */
export const serviceNames = ['tenant', 'registration', 'credentials'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The name of an option for one service, of its name for all of them. */
export function nameFor(service: ServiceName, shared: string): string {
  return shared.replace(/^REGISTRY_/, `${service.toUpperCase()}_`);
}

function keyFor(service: ServiceName, key: string): string {
  return `${service}.${key}`;
}

/** For all services, and for each of them. */
export const registryOptions: Options & typeof sharedOptions = {
  ...sharedOptions,
  ...Object.fromEntries(
    serviceNames.flatMap((service) =>
      Object.entries(optionsLike(sharedOptions, (of) => nameFor(service, of), { hono: true })).map(
        ([key, each]): [string, Option<unknown>] => [keyFor(service, key), each],
      ),
    ),
  ),
};

/** The values for one service. */
export function valuesFor(
  service: ServiceName,
  values: ValuesOf<typeof registryOptions>,
): ServiceValues & Record<string, unknown> {
  const all: Readonly<Record<string, unknown>> = values;
  return Object.fromEntries(
    Object.keys(sharedOptions).map((key) => [key, all[keyFor(service, key)] ?? all[key]]),
    // Each key of the shared options has its value.
  ) as never;
}

/** The option that gives a service its value: its own where that is set, else that of all services. */
export function optionFor(
  service: ServiceName,
  key: keyof typeof sharedOptions,
  values: ValuesOf<typeof registryOptions>,
): string {
  const { name } = sharedOptions[key];
  const isOwn = (values as Readonly<Record<string, unknown>>)[keyFor(service, key)] !== undefined;
  return isOwn ? nameFor(service, name) : name;
}
