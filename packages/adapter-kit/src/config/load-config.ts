import { ConfigError } from '@rollcall/core';
import { kitOptions } from './kit-options.ts';
import { kitProblems } from './kit-problems.ts';
import type { Options, ValuesOf } from './option.ts';
import { readOptions, type Effective } from './read-options.ts';

export interface LoadedConfig<Own extends Options> {
  readonly kit: ValuesOf<typeof kitOptions>;
  readonly own: ValuesOf<Own>;
  /** Every variable, its text and where it came from, in the order of the options. */
  readonly effective: readonly Effective[];
  /** See `ReadResult`. */
  readonly warnings: readonly string[];
  readonly serviceLinks: readonly string[];
}

/**
 * Reads the kit's options and an adapter's own from the environment.
 *
 * @param ownProblems what is wrong with the adapter's options taken together.
 * @throws ConfigError with every problem found.
 */
export function loadConfig<Own extends Options>(
  own: Own,
  env: Readonly<Record<string, string | undefined>>,
  ownProblems: (values: ValuesOf<Own>) => readonly string[] = () => [],
): LoadedConfig<Own> {
  const { values, problems, ...about } = readOptions({ ...kitOptions, ...own }, env);
  const all = [...problems, ...kitProblems(values), ...ownProblems(values)];
  if (all.length > 0) throw new ConfigError(all);
  return { kit: values, own: values, ...about };
}
