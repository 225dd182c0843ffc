import { balancersOption, loadConfig, option, port, text, wholeNumber } from '@rollcall/adapter-kit';
import type { LoadedConfig, MessagingModule, Options } from '@rollcall/adapter-kit';

const longestMs = 2 ** 31 - 1;

/** Options of the template adapter, by the names that `TemplateAdapterOptions` has for them. */
export const templateOptions = {
  port: option('TEMPLATE_PORT', port, '7070', 'TCP port that devices connect to, without TLS'),
  host: option('TEMPLATE_BINDADDRESS', text, '127.0.0.1', 'address it is bound to'),
  balancers: balancersOption('TEMPLATE'),
  maxLineBytes: option(
    'TEMPLATE_MAXLINESIZE',
    wholeNumber(64, 1_048_576),
    '4096',
    'longest line a device may send, in bytes',
  ),
  maxConnections: option(
    'TEMPLATE_MAXCONNECTIONS',
    wholeNumber(1, 10_000_000),
    '10000',
    'devices connected at a time',
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
} as const satisfies Options;

/** Reads the whole configuration of the process. @throws ConfigError with every problem found. */
export function loadTemplateConfig(
  env: Readonly<Record<string, string | undefined>>,
  messaging: readonly MessagingModule[],
): LoadedConfig<typeof templateOptions> {
  return loadConfig(templateOptions, env, { messaging });
}
