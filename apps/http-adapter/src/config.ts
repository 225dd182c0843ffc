import { leaseOptions, leaseProblems, leaseSettings } from '@rollcall/adapter-kit/lease-options';
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
import { anyOrPattern, milliseconds, text, wholeNumber } from '@rollcall/options/formats';
import type { DirectoryModule } from '@rollcall/directory-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import type { RegistryModule } from '@rollcall/registry-module';
import type { HttpAdapterOptions } from './adapter.ts';

/** Options of the HTTP adapter. */
export const httpOptions = {
  ...listenerOptions('HTTP', { plain: 8_080, tls: 8_443 }),
  balancers: balancersOption('HTTP'),
  authenticationRequired: authenticationRequiredOption('HTTP'),
  maxPayloadBytes: option(
    'HTTP_MAXPAYLOADSIZE',
    wholeNumber(1, 268_435_455),
    '2048',
    'greatest body of a request, in bytes',
    { hono: true },
  ),
  idleTimeoutSeconds: option(
    'HTTP_IDLETIMEOUT',
    wholeNumber(0, 86_400),
    '75',
    'seconds of silence after which a network connection is closed; 0: never, and `hono-ttd` is then ignored',
    { hono: true },
  ),
  requestTimeoutMs: option(
    'HTTP_REQUESTTIMEOUT',
    milliseconds,
    '30000',
    'ms within which a request must have arrived, head and body',
  ),
  ...tcpOptions('HTTP', 10_000, 'network connections, those that never logged in first'),
  realm: option('HTTP_REALM', text, 'Hono', 'realm that a refused device is told', { hono: true }),
  corsAllowedOrigin: option(
    'HTTP_CORSALLOWEDORIGIN',
    anyOrPattern,
    '*',
    'origin of web pages that may use the adapter: `*`, or a regular expression',
    { hono: true },
  ),
  ...leaseOptions,
} as const satisfies Options;

type HttpValues = ValuesOf<typeof httpOptions>;

/** Reads the whole configuration of the process. @throws ConfigError with every problem found. */
export function loadHttpConfig(
  env: Readonly<Record<string, string | undefined>>,
  messaging: readonly MessagingModule[],
  directories: readonly DirectoryModule[] = [],
  registries: readonly RegistryModule[] = [],
): LoadedConfig<typeof httpOptions> {
  return loadConfig(httpOptions, env, {
    messaging,
    directories,
    registries,
    problems: (values) => [...listenerProblems('HTTP', values), ...leaseProblems(values)],
  });
}

/** What the adapter needs of the configuration. @throws ConfigError where a key file cannot be read. */
export function httpAdapterOptions(values: HttpValues): HttpAdapterOptions {
  return {
    ...listenersOf('HTTP', values),
    authenticationRequired: values.authenticationRequired,
    maxPayloadBytes: values.maxPayloadBytes,
    idleTimeoutMs: values.idleTimeoutSeconds * 1_000,
    requestTimeoutMs: values.requestTimeoutMs,
    maxPendingSockets: values.maxPendingSockets,
    maxHandshakes: values.maxHandshakes,
    realm: values.realm,
    allowedOrigin: values.corsAllowedOrigin,
    lease: leaseSettings(values),
    endLeasesAtShutdown: values.leaseEndAtShutdown,
  };
}
