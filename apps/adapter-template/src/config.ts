import {
  balancersOption,
  listenerOptions,
  listenerProblems,
  listenersOf,
  tcpOptions,
} from '@rollcall/adapter-kit/listening';
import { loadConfig, type LoadedConfig } from '@rollcall/adapter-process';
import { option, type Options, type ValuesOf } from '@rollcall/options';
import { wholeNumber } from '@rollcall/options/formats';
import type { DirectoryModule } from '@rollcall/directory-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import type { RegistryModule } from '@rollcall/registry-module';
import type { TemplateAdapterOptions } from './adapter.ts';

const longestMs = 2 ** 31 - 1;

/** Options of the template adapter. */
export const templateOptions = {
  ...listenerOptions('TEMPLATE', { plain: 7_070, tls: 7_071 }),
  balancers: balancersOption('TEMPLATE'),
  maxRequestBytes: option(
    'TEMPLATE_MAXREQUESTSIZE',
    wholeNumber(64, 1_048_576),
    '4096',
    'longest request a device may send, in bytes',
  ),
  loginTimeoutMs: option(
    'TEMPLATE_LOGINTIMEOUT',
    wholeNumber(100, longestMs),
    '10000',
    'ms within which a new network connection must have logged in',
  ),
  idleLimitMs: option(
    'TEMPLATE_IDLELIMIT',
    wholeNumber(1_000, longestMs),
    '300000',
    'ms of silence after which a device counts as gone',
  ),
  ...tcpOptions('TEMPLATE', 10_000),
} as const satisfies Options;

type TemplateValues = ValuesOf<typeof templateOptions>;

/** Reads the whole configuration of the process. @throws ConfigError with every problem found. */
export function loadTemplateConfig(
  env: Readonly<Record<string, string | undefined>>,
  messaging: readonly MessagingModule[],
  directories: readonly DirectoryModule[] = [],
  registries: readonly RegistryModule[] = [],
): LoadedConfig<typeof templateOptions> {
  return loadConfig(templateOptions, env, {
    messaging,
    directories,
    registries,
    problems: (values) => listenerProblems('TEMPLATE', values),
  });
}

/** What the adapter needs of the configuration. @throws ConfigError where a key file cannot be read. */
export function templateAdapterOptions(values: TemplateValues): TemplateAdapterOptions {
  return {
    ...listenersOf('TEMPLATE', values),
    maxRequestBytes: values.maxRequestBytes,
    loginTimeoutMs: values.loginTimeoutMs,
    idleLimitMs: values.idleLimitMs,
    maxPendingSockets: values.maxPendingSockets,
    maxHandshakes: values.maxHandshakes,
  };
}
