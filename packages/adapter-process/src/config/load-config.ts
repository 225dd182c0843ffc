import { ConfigError, type ConfigProblem } from '@rollcall/core';
import type { DirectoryModule } from '@rollcall/directory-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import type { RegistryModule } from '@rollcall/registry-module';
import type { ChosenMessaging } from '@rollcall/messaging-module/internal';
import { kitOptions } from './kit-options.ts';
import { chooseRegistry, optionsOfRegistries, type ChosenRegistry } from './choose-registry.ts';
import { kitProblems } from './kit-problems.ts';
import { readOptions, type Options, type ValuesOf } from '@rollcall/options';
import type { Effective } from '@rollcall/options/internal';
import { chooseModule, optionsOfModules, type ChosenModule } from '@rollcall/options/module';

export interface LoadedConfig<Own extends Options> {
  readonly kit: ValuesOf<typeof kitOptions>;
  readonly own: ValuesOf<Own>;
  /** The module that sends; `undefined`: no messaging network is configured. */
  readonly messaging: ChosenMessaging | undefined;
  /** The module of the fleet; `undefined`: the adapter is in no fleet. */
  readonly directory: ChosenModule<DirectoryModule> | undefined;
  /** The module of the device registry; `undefined`: it is a file. */
  readonly registry: ChosenRegistry | undefined;
  /** Every variable, its text and where it came from, in the order of the options. */
  readonly effective: readonly Effective[];
  /** See `ReadResult`. */
  readonly warnings: readonly string[];
  readonly serviceLinks: readonly string[];
}

export interface ConfigParts<Own extends Options> {
  /** Modules whose options are read too; default: none. */
  readonly messaging?: readonly MessagingModule[];
  readonly directories?: readonly DirectoryModule[];
  readonly registries?: readonly RegistryModule[];
  /** What is wrong with the adapter's options taken together. */
  problems?(values: ValuesOf<Own>): readonly ConfigProblem[];
}

/**
 * Reads the kit's options, those of messaging modules and an adapter's own from the environment.
 *
 * @throws ConfigError with every problem found.
 */
export function loadConfig<Own extends Options>(
  own: Own,
  env: Readonly<Record<string, string | undefined>>,
  {
    messaging: modules = [],
    directories = [],
    registries = [],
    problems: ownProblems,
  }: ConfigParts<Own> = {},
): LoadedConfig<Own> {
  const all = {
    ...kitOptions,
    ...optionsOfModules([...modules, ...directories]),
    ...optionsOfRegistries(registries),
    ...own,
  };
  const { values, problems, unreadable, ...about } = readOptions<typeof kitOptions & Own>(all, env);
  const kit: ValuesOf<typeof kitOptions> = values;
  const messaging = chooseModule(modules, { values, ...about }, kit.producers?.includes('events'));
  const directory = chooseModule(directories, { values, ...about });
  const registry = chooseRegistry(registries, kit, { values, ...about });
  const together = [
    ...kitProblems(kit),
    ...messaging.problems,
    ...directory.problems,
    ...registry.problems,
    ...(kit.presenceUrls && !directory.chosen && directory.problems.length === 0 ? [inNoFleet] : []),
    ...(ownProblems?.(values) ?? []),
  ];
  const found = [...problems, ...together.filter((problem) => !isProblemOf(problem, unreadable))];
  if (found.length > 0) throw new ConfigError(found);
  return {
    kit,
    own: values,
    messaging: messaging.chosen,
    directory: directory.chosen,
    registry: registry.chosen,
    ...about,
  };
}

const inNoFleet: ConfigProblem = {
  code: 'OPTION_MISSING',
  text: 'ROLLCALL_DIRECTORY_PRESENCEURL: is for a fleet whose directory is a server: set its URL, too',
};

/** Whether a problem names one of these variables. */
export function isProblemOf({ text }: ConfigProblem, variables: ReadonlySet<string>): boolean {
  return text.match(/ROLLCALL_\w+/g)?.some((name) => variables.has(name)) === true;
}
