import type { ConfigProblem } from '@rollcall/core';
import { configProblem, type OptionProblem } from './option-problem.ts';
import { variableOf, type Options, type ValuesOf } from './option.ts';
import type { Effective } from './read-options.ts';

/** A part that a process may use, as the package that has it brings it: its options, and which of them chooses it. */
export interface OptionModule<Set extends Options = Options> {
  /** Lower case and stable, e.g. `amqp`. */
  readonly name: string;
  /** No other option may have one of their names. They stand behind the process's own wherever options are listed. */
  readonly options: Set;
  /** Name of the option that chooses the module, as a host: it is used where this one is set. */
  readonly chosenBy: string;
  /** What is wrong with options that are each right by themselves. Asked where the module is chosen. */
  problems(values: ValuesOf<Set>): readonly OptionProblem[];
}

/** A module, and what its options say. */
export interface ChosenModule<Module extends OptionModule> {
  readonly module: Module;
  readonly values: ValuesOf<Options>;
}

interface Choice<Module extends OptionModule> {
  /** `undefined`: none is used. */
  readonly chosen: ChosenModule<Module> | undefined;
  readonly problems: readonly ConfigProblem[];
}

/** The options of all modules, in their order. Keys of two modules are kept apart. */
export function optionsOfModules(modules: readonly Pick<OptionModule, 'name' | 'options'>[]): Options {
  return Object.fromEntries(
    modules.flatMap((module) =>
      Object.entries(module.options).map(([key, option]) => [keyOf(module, key), option] as const),
    ),
  );
}

/**
 * Which module is used: the one whose deciding option is set. None is fine where none is needed and no option of one is set; where one
 * is, the deciding option was forgotten.
 *
 * @param isNeeded whether something else in the configuration needs one.
 */
export function chooseModule<Module extends OptionModule>(
  modules: readonly Module[],
  read: { readonly values: ValuesOf<Options>; readonly effective: readonly Effective[] },
  isNeeded = false,
): Choice<Module> {
  const all = modules.map((module) => ({ module, values: moduleValues(module, read.values) }));
  const given = new Set(read.effective.filter(isGiven).map(({ variable }) => variable));
  const decided = all.filter(({ module }) => given.has(variableOf(module.chosenBy)));
  const [chosen, ...others] = decided;
  if (others.length > 0)
    return {
      chosen: undefined,
      problems: [{ code: 'OPTIONS_CONFLICT', text: `${deciders(decided, 'and')}: set one of them` }],
    };
  if (chosen) return { chosen, problems: chosen.module.problems(chosen.values).map(configProblem) };

  const begun = all.filter(({ module }) =>
    Object.values(module.options).some(({ name }) => given.has(variableOf(name))),
  );
  const wanted = begun.length > 0 ? begun : isNeeded ? all : [];
  return {
    chosen: undefined,
    problems:
      wanted.length > 0 ? [{ code: 'OPTION_MISSING', text: `${deciders(wanted, 'or')}: must be set` }] : [],
  };
}

/** The file that a secret was read from, by the name of its option; `undefined`: it is in the variable itself, or not set. */
export function filesOfSecrets(effective: readonly Effective[]): (name: string) => string | undefined {
  return (name) => effective.find(({ variable }) => variable === variableOf(name))?.file;
}

/** What was read for one module, by its own keys. */
export function moduleValues(
  module: Pick<OptionModule, 'name' | 'options'>,
  values: ValuesOf<Options>,
): ValuesOf<Options> {
  return Object.fromEntries(Object.keys(module.options).map((key) => [key, values[keyOf(module, key)]]));
}

function keyOf({ name }: Pick<OptionModule, 'name'>, key: string): string {
  return `${name}.${key}`;
}

function deciders(choices: readonly ChosenModule<OptionModule>[], word: 'and' | 'or'): string {
  return choices.map(({ module }) => variableOf(module.chosenBy)).join(` ${word} `);
}

function isGiven({ source }: Effective): boolean {
  return source !== 'not set' && source !== 'default';
}
