import type { ConfigProblem } from '@rollcall/core';
import { configProblem, variableOf, type Options, type ValuesOf, type Effective } from '@rollcall/options';
import type { ChosenMessaging, MessagingModule } from './messaging-module.ts';
import { valuesOfModule } from './module-options.ts';

export interface MessagingChoice {
  /** `undefined`: the adapter sends nothing to a messaging network. */
  readonly chosen: ChosenMessaging | undefined;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Which module is used: the one whose deciding option is set. None is fine where connection events do not go to the Events API and no
 * option of a module is set; where one is, the deciding option was forgotten.
 */
export function chooseMessaging(
  modules: readonly MessagingModule[],
  read: { readonly values: ValuesOf<Options>; readonly effective: readonly Effective[] },
  needsEventsSink = false,
): MessagingChoice {
  const all = modules.map((module) => ({ module, values: valuesOfModule(module, read.values) }));
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
  const wanted = begun.length > 0 ? begun : needsEventsSink ? all : [];
  return {
    chosen: undefined,
    problems:
      wanted.length > 0 ? [{ code: 'OPTION_MISSING', text: `${deciders(wanted, 'or')}: must be set` }] : [],
  };
}

function deciders(choices: readonly ChosenMessaging[], word: 'and' | 'or'): string {
  return choices.map(({ module }) => variableOf(module.chosenBy)).join(` ${word} `);
}

function isGiven({ source }: Effective): boolean {
  return source !== 'not set' && source !== 'default';
}
