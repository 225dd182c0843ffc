import { isProblemOf, serviceOptions } from '@rollcall/adapter-process/internal';
import { amqp } from '@rollcall/amqp-sender';
import { ConfigError, type ConfigProblem } from '@rollcall/core';
import { configProblem, option, optional, readOptions, type Options, type ValuesOf } from '@rollcall/options';
import { milliseconds, text, wholeNumber } from '@rollcall/options/formats';
import type { Effective } from '@rollcall/options/internal';
import { amqpServiceOptions, amqpServiceProblems, hasAmqpPort } from './amqp/amqp-options.ts';
import { authOptions, authProblems } from './auth/auth-options.ts';
import { managementOptions, managementProblems } from './management/management-options.ts';

/** Options of the device registry. */
export const registryOptions = {
  directory: option(
    'REGISTRY_DIRECTORY',
    text,
    'registry',
    'directory of the SQLite database, for one running service, where no other database is named',
  ),
  database: optional(
    'REGISTRY_DATABASE',
    text,
    'URL of a PostgreSQL database, `postgres://user:password@host/name`, for one service or several replicas',
    { secret: true },
  ),
  importFile: optional(
    'REGISTRY_IMPORTFILE',
    text,
    'registry file that is written to the database where there is no tenant yet',
  ),
  maxDevicesPerTenant: option(
    'REGISTRY_SVC_MAXDEVICESPERTENANT',
    wholeNumber(-1, 1_000_000_000),
    '-1',
    'devices of a tenant that sets no limit itself; -1: no limit',
    { hono: true },
  ),
  ...managementOptions,
  shutdownGraceMs: option(
    'REGISTRY_SHUTDOWNGRACE',
    milliseconds,
    '5000',
    'ms to wait at a stop until requests are answered',
  ),
  ...amqpServiceOptions,
  ...authOptions,
  ...amqp.options,
  ...serviceOptions,
} as const satisfies Options;

type RegistryValues = ValuesOf<typeof registryOptions>;

export interface RegistryConfig {
  readonly values: RegistryValues;
  readonly effective: readonly Effective[];
  readonly warnings: readonly string[];
  readonly serviceLinks: readonly string[];
}

/**
 * @param serves false if only the database is used, and no client is served.
 * @throws ConfigError with every problem found.
 */
export function loadRegistryConfig(
  env: Readonly<Record<string, string | undefined>>,
  serves = true,
): RegistryConfig {
  const { values, problems, effective, warnings, serviceLinks, unreadable } = readOptions(
    registryOptions,
    env,
  );
  const together = [...storeProblems(values), ...(serves ? problemsOf(values) : [])];
  const found = [...problems, ...together.filter((problem) => !isProblemOf(problem, unreadable))];
  if (found.length > 0) throw new ConfigError(found);
  return { values, effective, warnings, serviceLinks };
}

function problemsOf(values: RegistryValues): readonly ConfigProblem[] {
  return [
    ...managementProblems(values),
    ...amqpServiceProblems(values),
    ...authProblems(values, hasAmqpPort(values)),
    ...(amqp.problems?.(values) ?? []).map(configProblem),
  ];
}

function storeProblems({ maxDevicesPerTenant, database }: RegistryValues): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (maxDevicesPerTenant === 0)
    problems.push({
      code: 'OPTION_MALFORMED',
      text: 'ROLLCALL_REGISTRY_SVC_MAXDEVICESPERTENANT: must be -1, or 1 or more',
    });
  if (database !== undefined && !/^postgres(?:ql)?:\/\//.test(database))
    problems.push({
      code: 'OPTION_MALFORMED',
      text: 'ROLLCALL_REGISTRY_DATABASE: must begin with postgres://',
    });
  return problems;
}
