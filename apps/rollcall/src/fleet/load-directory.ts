import { kitOptions } from '@rollcall/adapter-process/internal';
import { isProblemOf } from '@rollcall/adapter-process/internal';
import { ConfigError } from '@rollcall/core';
import type { DirectoryModule } from '@rollcall/directory-module';
import { redis } from '@rollcall/directory-redis';
import { readOptions } from '@rollcall/options';
import type { Effective } from '@rollcall/options/internal';
import { chooseModule, optionsOfModules, type ChosenModule } from '@rollcall/options/module';

/** Those that adapters are built with. */
const directories: readonly DirectoryModule[] = [redis];

export interface LoadedDirectory {
  readonly chosen: ChosenModule<DirectoryModule>;
  readonly effective: readonly Effective[];
  /** When an adapter without a sign of life is declared dead. */
  readonly deadAfterMs: number;
}

/**
 * The directory of a fleet, as the `ROLLCALL_DIRECTORY_…` variables of its adapters name it.
 *
 * @throws ConfigError with every problem found; also where none is named.
 */
export function loadDirectory(env: Readonly<Record<string, string | undefined>>): LoadedDirectory {
  const ofDirectory = Object.entries(env).filter(([name]) => name.startsWith('ROLLCALL_DIRECTORY_'));
  // It is the adapters' alone, and may be in the same environment.
  const options = { ...optionsOfModules(directories), deadAfterMs: kitOptions.deadAfterMs };
  const { values, effective, problems, unreadable } = readOptions(options, Object.fromEntries(ofDirectory));
  const choice = chooseModule(directories, { values, effective }, true);
  const together = choice.problems.filter((problem) => !isProblemOf(problem, unreadable));
  if (!choice.chosen || problems.length + together.length > 0)
    throw new ConfigError([...problems, ...together]);
  return { chosen: choice.chosen, effective, deadAfterMs: values.deadAfterMs };
}
