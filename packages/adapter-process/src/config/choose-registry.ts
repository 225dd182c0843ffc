import type { ConfigProblem } from '@rollcall/core';
import { configProblem, variableOf, type Options, type ValuesOf } from '@rollcall/options';
import { moduleValues, type Effective } from '@rollcall/options/internal';
import { optionsOfModules, type OptionModule } from '@rollcall/options/module';
import type { RegistryModule } from '@rollcall/registry-module';
import type { kitOptions } from './kit-options.ts';

/** A module of a device registry, and what its options say. */
export interface ChosenRegistry {
  readonly module: RegistryModule;
  readonly values: ValuesOf<Options>;
}

interface Choice {
  /** `undefined`: the registry is a file. */
  readonly chosen: ChosenRegistry | undefined;
  readonly problems: readonly ConfigProblem[];
}

/** The options of all modules. A module of another kind may have the same name. */
export function optionsOfRegistries(modules: readonly RegistryModule[]): Options {
  return optionsOfModules(modules.map(asRegistry));
}

function asRegistry({ name, options }: RegistryModule): Pick<OptionModule, 'name' | 'options'> {
  return { name: `registry-${name}`, options };
}

/**
 * Chooses the device registry. Our options for another kind of registry are a mistake: the operator means that one. Those of Eclipse Hono may be
 * set for Hono's own adapters.
 */
export function chooseRegistry(
  modules: readonly RegistryModule[],
  { registryKind }: Pick<ValuesOf<typeof kitOptions>, 'registryKind'>,
  read: { readonly values: ValuesOf<Options>; readonly effective: readonly Effective[] },
): Choice {
  // It could not be read, which is a problem that is reported already.
  if (registryKind === undefined) return { chosen: undefined, problems: [] };
  const module = modules.find(({ name }) => name === registryKind);
  if (!module && registryKind !== 'file') return { chosen: undefined, problems: [unknownKind(modules)] };
  const unused = modules.filter((each) => each !== module).flatMap((each) => unusedOf(each, read.effective));
  if (!module) return { chosen: undefined, problems: unused };
  const values = moduleValues(asRegistry(module), read.values);
  return {
    chosen: { module, values },
    problems: [...unused, ...module.problems(values).map(configProblem)],
  };
}

function unknownKind(modules: readonly RegistryModule[]): ConfigProblem {
  const kinds = ['file', ...modules.map(({ name }) => name)].join(' or ');
  return { code: 'OPTION_MALFORMED', text: `${variableOf('REGISTRY_KIND')}: must be ${kinds}` };
}

function unusedOf({ name, options }: RegistryModule, effective: readonly Effective[]): ConfigProblem[] {
  const own = new Set(Object.values(options).map((each) => variableOf(each.name)));
  const set = effective.find(({ variable, source }) => own.has(variable) && source.startsWith(variable));
  if (!set) return [];
  return [
    {
      code: 'OPTIONS_CONFLICT',
      text: `${set.source}: is used only where ${variableOf('REGISTRY_KIND')} is ${name}`,
    },
  ];
}
